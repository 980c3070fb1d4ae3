using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hikigane.Server.Https;

/// <summary>Where a part listens.</summary>
/// <param name="Port">0: a free one.</param>
public sealed record ListenAddress(IPAddress Address, int Port)
{
    /// <summary>A free port of this machine, for nobody else to reach.</summary>
    public static readonly ListenAddress Loopback = new(IPAddress.Loopback, 0);
}

/// <summary>One port over TLS, HTTP/1.1 and HTTP/2; each handshake asks for the certificate anew. Disposing finishes what is under way.</summary>
internal sealed class HttpsServer : IAsyncDisposable
{
    /// <summary>The largest body that is read: objects are at most a few megabytes, events 25.</summary>
    public const long LargestBody = 64 * 1024 * 1024;

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(5);

    private readonly WebApplication app;

    private HttpsServer(WebApplication app, int port) => (this.app, Port) = (app, port);

    public int Port { get; }

    public static async Task<HttpsServer> StartAsync(
        ListenAddress address, Func<X509Certificate2?> certificate, RequestDelegate handle, CancellationToken cancellationToken)
    {
        // Nothing from files or variables around, no watching of files, no handling of signals.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Limits.RequestHeadersTimeout = ReadTimeout;
            kestrel.Limits.KeepAliveTimeout = IdleTimeout;
            kestrel.Listen(address.Address, address.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(https => https.ServerCertificateSelector = (_, _) => certificate());
            });
        });
        var app = builder.Build();
        app.Run(handle);
        await app.StartAsync(cancellationToken);
        return new HttpsServer(app, new Uri(app.Urls.First()).Port);
    }

    public async ValueTask DisposeAsync()
    {
        using var grace = new CancellationTokenSource(LongestStop, TimeProvider.System);
        await app.StopAsync(grace.Token);
        await app.DisposeAsync();
    }
}
