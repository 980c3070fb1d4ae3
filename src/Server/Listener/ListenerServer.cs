using System.Net;
using Hikigane.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Listener;

/// <summary>One listener on one loopback port, from start to drained.</summary>
public sealed class ListenerServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private ListenerServer(WebApplication app, int port)
    {
        this.app = app;
        Port = port;
    }

    /// <summary>The loopback port it is served on.</summary>
    public int Port { get; }

    /// <summary>Starts to listen on a port of 127.0.0.1; 0 picks a free one.</summary>
    public static async Task<ListenerServer> StartAsync(
        ListenerOptions options, ListenerParts parts, int port, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(parts.Logging);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.RequestHeadersTimeout = options.ReadTimeout;
            kestrel.Limits.KeepAliveTimeout = options.IdleTimeout;
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        var endpoint = new EventEndpoint(options, parts.Objects, parts.Ledger, parts.Decisions, parts.Time);
        app.Run(endpoint.HandleAsync);
        await app.StartAsync(cancellationToken);
        return new ListenerServer(app, new Uri(app.Urls.First()).Port);
    }

    /// <summary>Takes no new requests and finishes those under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }
}

/// <summary>What one listener works with. Its objects are read, and the objects of its triggers created, as its ServiceAccount.</summary>
public sealed record ListenerParts(
    ListenerObjects Objects, SqliteLedger Ledger, DecisionLoop Decisions, TimeProvider Time, ILoggerFactory Logging);
