using System.Security.Cryptography;
using Hikigane.ApiServer;
using Hikigane.ApiServer.Admission;
using Hikigane.ApiServer.Registry;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Runtime;
using Hikigane.Server.Webhooks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server;

/// <summary>
/// The embedded API, serving: the verbs with Tekton's admission and conversion, over TLS on loopback, and as a client in this process for
/// whoever is named.
/// </summary>
internal sealed class EmbeddedApi : IAsyncDisposable
{
    private readonly ApiWiring wiring;
    private readonly ApiServerHost host;
    private readonly ServingCertificates certificates;
    private readonly string adminToken;
    private readonly PodStreamsSlot streams;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task definitions;
    private WebhookAdmission? webhooks;

    private EmbeddedApi(ApiWiring wiring, ApiServerHost host, ServingCertificates certificates, string adminToken, PodStreamsSlot streams)
    {
        this.wiring = wiring;
        this.host = host;
        this.certificates = certificates;
        this.adminToken = adminToken;
        this.streams = streams;
        System = new LocalKube(host.Api, Caller.System);
        definitions = Task.Run(() => wiring.FollowDefinitionsAsync(stopping.Token));
    }

    /// <summary>A client that may do everything.</summary>
    public LocalKube System { get; }

    public Uri Address => new(host.Address);

    public string AuthorityPem => certificates.AuthorityPem;

    /// <summary>How Services are reached; set as soon as there is a node.</summary>
    public ServiceConnections? Services { get; set; }

    /// <summary>The kubelet behind logs, exec and port-forward; set as soon as there is one.</summary>
    public IPodStreams Streams
    {
        get => streams;
        set => streams.Current = value;
    }

    public static async Task<EmbeddedApi> StartAsync(
        IStore store, UpOptions options, TimeProvider time, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var keys = Path.Combine(options.DataDirectory, "keys");
        var api = new ObjectApi(store, new ServedKinds(), time);
        var adminToken = Token(keys);
        var wiring = new ApiWiring(api, keys, adminToken);
        TektonAdmission.AddTo(api);
        EmbeddedApi? started = null;
        var webhooks = new WebhookAdmission(api, (name, port, token) => started?.Services?.DialAsync(name, port, token) ?? default, WebhookSite.Names);
        webhooks.Add();
        var certificates = ServingCertificates.Open(keys, time.GetUtcNow());
        var streams = new PodStreamsSlot();
        await wiring.BootstrapAsync(cancellationToken);
        try
        {
            var serving = new ApiServerOptions { Port = options.Port, Certificates = certificates };
            var host = await ApiServerHost.StartAsync(api, wiring.Hooks(streams), serving, builder => builder.Services.AddSingleton(logging), cancellationToken);
            started = new EmbeddedApi(wiring, host, certificates, adminToken, streams) { webhooks = webhooks };
            return started;
        }
        catch (IOException exception)
        {
            throw new StartException($"port {options.Port} on 127.0.0.1 is in use; choose another with --port, or 0 for a free one", exception);
        }
    }

    /// <summary>Opens the connections of clients in this process: Services by the names that they have inside a cluster, all others by DNS.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        return (Services is { } services ? await services.DialAsync(host, port, cancellationToken) : null)
            ?? await ServiceConnections.ConnectAsync(host, port, cancellationToken);
    }

    /// <summary>The API with the rights of a ServiceAccount and no others.</summary>
    public IKube AsServiceAccount(string ns, string name) =>
        System.As($"system:serviceaccount:{ns}:{name}", "system:serviceaccounts", $"system:serviceaccounts:{ns}");

    public ResourceType? Find(string apiVersion, string kind) => host.Api.Kinds.FindKind(apiVersion, kind)?.Type;

    /// <summary>Whether any kind of an <c>apiVersion</c> is served.</summary>
    public bool Serves(string apiVersion) => host.Api.Kinds.Serves(apiVersion);

    /// <summary>Writes the file that points kubectl here, readable by its owner only; returns its path.</summary>
    public string WriteKubeconfig(string path)
    {
        KubeconfigFile.Write(path, KubeconfigFile.Text(host.Address, certificates.AuthorityPem, adminToken));
        return Path.GetFullPath(path);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        try
        {
            await definitions;
        }
        catch (OperationCanceledException)
        {
        }

        await host.DisposeAsync();
        webhooks?.Dispose();
        wiring.Dispose();
        stopping.Dispose();
    }

    /// <summary>The administrator's token: random, made once, readable by its owner only.</summary>
    private static string Token(string directory)
    {
        var path = Path.Combine(directory, "admin.token");
        Directory.CreateDirectory(directory);
        if (!File.Exists(path))
        {
            KubeconfigFile.Write(path, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        }

        return File.ReadAllText(path).Trim();
    }
}
