using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Hikigane.Server.Https;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Hikigane.Server.Listener;

/// <summary>How a listener serves TLS: its certificate, and the authorities of its clients where it asks for theirs.</summary>
internal sealed record ListenerTls(CertificateFiles Certificate, Func<CancellationToken, ValueTask<X509Certificate2Collection?>> ClientAuthorities);

/// <summary>What a listener answers: events on one port, metrics on another.</summary>
internal sealed record ListenerHandlers(RequestDelegate Events, RequestDelegate Metrics);

/// <summary>An event endpoint on one port, and its metrics on another.</summary>
internal sealed class ListenerServer : IAsyncDisposable
{
    // As Go's server: a megabyte of headers, in as many lines as fit.
    private const int LargestHead = 1024 * 1024;
    private const int MostHeaders = 10_000;

    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(5);

    private readonly WebApplication app;

    private ListenerServer(WebApplication app, int port, int metricsPort)
    {
        this.app = app;
        Port = port;
        MetricsPort = metricsPort;
    }

    public int Port { get; }

    public int MetricsPort { get; }

    public static async Task<ListenerServer> StartAsync(
        SinkOptions options, ListenAddress address, ListenerTls? tls, ListenerHandlers handlers, CancellationToken cancellationToken)
    {
        // Nothing from files or variables around, no watching of files, no handling of signals.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxRequestBufferSize = LargestHead;
            kestrel.Limits.MaxRequestHeadersTotalSize = LargestHead;
            kestrel.Limits.MaxRequestLineSize = LargestHead;
            kestrel.Limits.MaxRequestHeaderCount = MostHeaders;
            kestrel.Limits.RequestHeadersTimeout = options.ReadTimeout;
            kestrel.Limits.KeepAliveTimeout = options.IdleTimeout;
            kestrel.Listen(address.Address, address.Port, listen => Serve(listen, tls));
            kestrel.Listen(address.Address, address.Port == 0 ? 0 : options.MetricsPort, listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        var metricsPort = 0;
        app.Run(http => http.Connection.LocalPort == metricsPort ? handlers.Metrics(http) : handlers.Events(http));
        await app.StartAsync(cancellationToken);
        var ports = app.Urls.Select(url => new Uri(url).Port).ToList();
        metricsPort = ports[1];
        return new ListenerServer(app, ports[0], metricsPort);
    }

    /// <summary>Takes no new requests and finishes those under way.</summary>
    public async ValueTask DisposeAsync()
    {
        using var grace = new CancellationTokenSource(LongestStop, TimeProvider.System);
        await app.StopAsync(grace.Token);
        await app.DisposeAsync();
    }

    private static void Serve(ListenOptions listen, ListenerTls? tls)
    {
        listen.Protocols = HttpProtocols.Http1;
        if (tls is null)
        {
            return;
        }

        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = context => HandshakeAsync(tls, context.CancellationToken) });
    }

    /// <summary>Asked at each connection, so that certificates and authorities change without a restart.</summary>
    private static async ValueTask<SslServerAuthenticationOptions> HandshakeAsync(ListenerTls tls, CancellationToken cancellationToken)
    {
        var (certificate, chain) = tls.Certificate.Current ?? throw new IOException("there is no certificate to serve with");
        var options = new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true) };
        if (await tls.ClientAuthorities(cancellationToken) is { } authorities)
        {
            // Who has no certificate gets an answer that says so; probes have none.
            options.ClientCertificateRequired = true;
            options.RemoteCertificateValidationCallback = (_, sent, _, _) => sent is null || IsSignedBy(authorities, sent);
        }

        return options;
    }

    private static bool IsSignedBy(X509Certificate2Collection authorities, X509Certificate sent)
    {
        using var certificate = new X509Certificate2(sent);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.2"));
        return chain.Build(certificate);
    }
}
