using System.Net;
using System.Text.Json.Nodes;
using Hikigane.ApiServer;
using Hikigane.ApiServer.Admission;
using Hikigane.ApiServer.Registry;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
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

    private readonly string directory;
    private readonly string authority;

    private BareApi(ApiWiring wiring, ApiServerHost host, WebhookAdmission webhooks, ObjectApi api, (string Directory, string Authority) files)
    {
        (this.wiring, this.host, this.webhooks, this.api, directory, authority) = (wiring, host, webhooks, api, files.Directory, files.Authority);
        Admin = new LocalKube(api, Caller.System);
        Kubeconfig = Write("admin", "admin");
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
        var bare = new BareApi(wiring, host, webhooks, api, (directory, certificates.AuthorityPem));
        await Installation.ApplyAsync(bare.Admin, cancellationToken);
        return bare;
    }

    /// <summary>A kubeconfig with the rights of an account of the installation and no others.</summary>
    public async Task<string> KubeconfigOfAsync(string account, CancellationToken cancellationToken)
    {
        var request = new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = new JsonObject() };
        var answer = await Admin.CreateAsync(Kinds.ServiceAccount, "tekton-pipelines", request, cancellationToken, account, "token");
        return Write(account, answer.Text("status", "token")!);
    }

    private string Write(string name, string token)
    {
        var path = Path.Combine(directory, name + ".kubeconfig");
        KubeconfigFile.Write(path, KubeconfigFile.Text(host.Address, authority, token));
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        webhooks.Dispose();
        wiring.Dispose();
        await api.Store.DisposeAsync();
    }
}
