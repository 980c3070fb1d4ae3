using System.Net;
using Hikigane.ApiServer;
using Hikigane.ApiServer.Admission;
using Hikigane.ApiServer.Registry;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Server.Install;
using Microsoft.Extensions.Logging;

namespace Hikigane.Integration;

/// <summary>
/// The API over HTTPS and nothing of Tekton behind it but the definitions: what a cluster is to the roles. Admission is what the configuration
/// objects say.
/// </summary>
internal sealed class BareApi : IAsyncDisposable
{
    private readonly ApiWiring wiring;
    private readonly ApiServerHost host;
    private readonly WebhookAdmission webhooks;
    private readonly ObjectApi api;

    private BareApi(ApiWiring wiring, ApiServerHost host, WebhookAdmission webhooks, ObjectApi api, string kubeconfig)
    {
        (this.wiring, this.host, this.webhooks, this.api, Kubeconfig) = (wiring, host, webhooks, api, kubeconfig);
        Admin = new LocalKube(api, Caller.System);
    }

    public IKube Admin { get; }

    public string Kubeconfig { get; }

    public string Address => host.Address;

    public static async Task<BareApi> StartAsync(string directory, CancellationToken cancellationToken)
    {
        var api = new ObjectApi(new MemoryStore(), new ServedKinds(), TimeProvider.System);
        var wiring = new ApiWiring(api, null, "admin");
        var webhooks = new WebhookAdmission(api, (_, _, _) => ValueTask.FromResult<Stream?>(null), new HashSet<string>());
        webhooks.Add();
        await wiring.BootstrapAsync(cancellationToken);
        var certificates = ServingCertificates.Open(null, TimeProvider.System.GetUtcNow());
        var options = new ApiServerOptions { Address = IPAddress.Loopback, Certificates = certificates };
        var host = await ApiServerHost.StartAsync(api, wiring.Hooks(null), options, logging => logging.ClearProviders(), cancellationToken);
        var kubeconfig = Path.Combine(directory, "kubeconfig");
        KubeconfigFile.Write(kubeconfig, KubeconfigFile.Text(host.Address, certificates.AuthorityPem, "admin"));
        var bare = new BareApi(wiring, host, webhooks, api, kubeconfig);
        await Installation.ApplyAsync(bare.Admin, cancellationToken);
        return bare;
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        webhooks.Dispose();
        wiring.Dispose();
        await api.Store.DisposeAsync();
    }
}
