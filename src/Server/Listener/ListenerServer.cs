using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Listener;

/// <summary>An event endpoint on one loopback port.</summary>
internal sealed class ListenerServer : IAsyncDisposable
{
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(5);

    private readonly WebApplication app;

    private ListenerServer(WebApplication app, int port)
    {
        this.app = app;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Listens on a free port of 127.0.0.1.</summary>
    public static async Task<ListenerServer> StartAsync(SinkOptions options, EventEndpoint endpoint, CancellationToken cancellationToken)
    {
        // Nothing from files or variables around, no watching of files, no handling of signals.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.RequestHeadersTimeout = options.ReadTimeout;
            kestrel.Limits.KeepAliveTimeout = options.IdleTimeout;
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        app.Run(endpoint.HandleAsync);
        await app.StartAsync(cancellationToken);
        return new ListenerServer(app, new Uri(app.Urls.First()).Port);
    }

    /// <summary>Takes no new requests and finishes those under way.</summary>
    public async ValueTask DisposeAsync()
    {
        using var grace = new CancellationTokenSource(LongestStop, TimeProvider.System);
        await app.StopAsync(grace.Token);
        await app.DisposeAsync();
    }
}
