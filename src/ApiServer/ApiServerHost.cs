using System.Net;
using System.Security.Cryptography.X509Certificates;
using Hikigane.ApiServer.GarbageCollection;
using Hikigane.ApiServer.Rest;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hikigane.ApiServer;

/// <summary>Where the API listens, and with which certificates; without certificates it speaks plain HTTP.</summary>
public sealed record ApiServerOptions
{
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0: a free one.</summary>
    public int Port { get; init; }

    public ServingCertificates? Certificates { get; init; }
}

/// <summary>
/// The API over HTTP: Kestrel, the pipeline, and the collector beside it. HTTP/1.1 and HTTP/2 by ALPN; a client certificate is asked for
/// but not demanded.
/// </summary>
public sealed class ApiServerHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task collector;

    private ApiServerHost(WebApplication app, ObjectApi api)
    {
        this.app = app;
        Api = api;
        var loop = new CollectorLoop(api, app.Services.GetRequiredService<ILogger<CollectorLoop>>());
        collector = Task.Run(() => loop.RunAsync(stopping.Token));
    }

    public ObjectApi Api { get; }

    /// <summary>The address with the real port: <c>https://127.0.0.1:6443</c>.</summary>
    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Bootstraps, listens, and runs the collector until disposed. The store stays the caller's.</summary>
    public static async Task<ApiServerHost> StartAsync(
        ObjectApi api, ApiHooks hooks, ApiServerOptions options, Action<ILoggingBuilder> logging, CancellationToken cancellationToken)
    {
        await api.BootstrapAsync(cancellationToken);
        // Nothing from files or variables around, no watching of files, no handling of signals.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        logging(builder.Logging);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Configure(kestrel, options));
        var app = builder.Build();
        var pipeline = new RequestPipeline(api, hooks, app.Services.GetRequiredService<ILogger<RequestPipeline>>());
        app.UseWebSockets();
        app.Run(pipeline.ServeAsync);
        await app.StartAsync(cancellationToken);
        return new ApiServerHost(app, api);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await collector;
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(1), Api.Time);
        await app.StopAsync(grace.Token);
        await app.DisposeAsync();
        stopping.Dispose();
    }

    private static void Configure(KestrelServerOptions kestrel, ApiServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
        kestrel.Listen(options.Address, options.Port, listen =>
        {
            if (options.Certificates is { } certificates)
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = certificates.Serving;
                    https.ServerCertificateChain = [certificates.Authority];
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    https.ClientCertificateValidation = (certificate, _, _) => IsIssuedBy(certificate, certificates.Authority);
                });
            }
            else
            {
                listen.Protocols = HttpProtocols.Http1;
            }
        });
    }

    /// <summary>A certificate counts only when our own authority signed it.</summary>
    private static bool IsIssuedBy(X509Certificate2 certificate, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
