using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Integration;

/// <summary>Each role in a process of its own, against an API in another one: what runs on a cluster.</summary>
public sealed class RolesAsProcesses : IAsyncLifetime
{
    private const string Listener = """
        apiVersion: triggers.tekton.dev/v1beta1
        kind: EventListener
        metadata: {name: lamp, namespace: default}
        spec:
          triggers:
          - name: note
            interceptors:
            - ref: {name: cel}
              params: [{name: filter, value: "body.on == true"}]
            bindings: [{name: what, value: $(body.what)}]
            template:
              spec:
                params: [{name: what}]
                resourcetemplates:
                - {apiVersion: v1, kind: ConfigMap, metadata: {name: noted}, data: {what: $(tt.params.what)}}
        """;

    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-roles-").FullName;
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;
    private readonly List<RoleRun> runs = [];
    private BareApi api = null!;

    public async ValueTask InitializeAsync() => api = await BareApi.StartAsync(directory, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        runs.ForEach(run => run.Dispose());
        await api.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task An_event_becomes_an_object_through_controller_webhook_and_listener()
    {
        await WebhookAsync("triggers");
        await ControllerAsync("--for", "triggers");
        await CreateAsync(Kinds.EventListener, Listener);
        var deployment = await Waits.ForAsync(api.Admin, Kinds.Deployment, one => one.Name() == "el-lamp", cancellationToken);
        var arguments = deployment.Objects("spec", "template", "spec", "containers").Single().Items("args").Select(one => one.Text()!);

        var listener = await StartAsync(["listener", "--data", directory, .. arguments.Where(one => !one.StartsWith("--port", StringComparison.Ordinal)), "--port", "0"]);
        using var client = new HttpClient();
        using var answer = await client.PostAsync(
            new Uri($"http://127.0.0.1:{listener.Port}/"), new StringContent("""{"on": true, "what": "light"}""", Encoding.UTF8, "application/json"), cancellationToken);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var noted = await Waits.ForAsync(api.Admin, Kinds.ConfigMap, one => one.Name() == "noted", cancellationToken);
        Assert.Equal("light", noted.Text("data", "what"));
        Assert.Equal(0, await listener.EndAsync(cancellationToken));
    }

    [Fact]
    public async Task A_webhook_fills_in_and_refuses()
    {
        await WebhookAsync("triggers");
        await CreateAsync(Kinds.Trigger, "{apiVersion: triggers.tekton.dev/v1beta1, kind: Trigger, metadata: {name: good, namespace: default}, spec: {bindings: [{ref: b}], template: {ref: t}}}");

        var refused = await Assert.ThrowsAsync<KubeException>(() => CreateAsync(
            Kinds.TriggerTemplate, "{apiVersion: triggers.tekton.dev/v1beta1, kind: TriggerTemplate, metadata: {name: bad, namespace: default}, spec: {}}"));

        Assert.StartsWith("admission webhook \"validation.webhook.triggers.tekton.dev\" denied the request: validation failed: ", refused.Message, StringComparison.Ordinal);
        var good = await api.Admin.GetAsync(Kinds.Trigger, "default", "good", cancellationToken);
        Assert.Equal("TriggerBinding", good.Objects("spec", "bindings").Single().Text("kind"));
    }

    [Fact]
    public async Task Roles_show_metrics_on_a_port_of_their_own()
    {
        var (controller, webhook) = (RoleRun.FreePort(), RoleRun.FreePort());
        await WebhookAsync("triggers", "--metrics-port", $"{webhook}");
        await ControllerAsync("--for", "triggers", "--metrics-port", $"{controller}");
        await CreateAsync(Kinds.EventListener, Listener);
        await Waits.ForAsync(api.Admin, Kinds.Deployment, one => one.Name() == "el-lamp", cancellationToken);

        using var client = new HttpClient();
        var controllers = await client.GetStringAsync(new Uri($"http://127.0.0.1:{controller}/metrics"), cancellationToken);
        var webhooks = await client.GetStringAsync(new Uri($"http://127.0.0.1:{webhook}/metrics"), cancellationToken);

        Assert.Contains("controller_eventlistener_count{", controllers, StringComparison.Ordinal);
        Assert.Contains("kn_workqueue_adds_total{name=\"eventlistener-controller\",", controllers, StringComparison.Ordinal);
        Assert.Contains("kn_k8s_client_http_response_status_code_total{http_request_method=\"GET\",http_response_status_code=\"200\",", controllers, StringComparison.Ordinal);
        Assert.Contains("http_client_request_duration_seconds_bucket{http_request_method=\"GET\",", controllers, StringComparison.Ordinal);
        Assert.Contains("kn_webhook_handler_duration_seconds_count{kn_webhook_type=\"defaulting\",", webhooks, StringComparison.Ordinal);
        Assert.Contains("http_server_request_duration_seconds_count{http_request_method=\"POST\",http_response_status_code=\"200\",", webhooks, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_webhook_of_Pipelines_fills_in_and_refuses()
    {
        await WebhookAsync("pipelines");
        await CreateAsync(Kinds.TaskRun, "{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: good, namespace: default}, spec: {taskRef: {name: t}}}");

        var refused = await Assert.ThrowsAsync<KubeException>(() => CreateAsync(
            Kinds.TaskRun, "{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: bad, namespace: default}, spec: {}}"));

        Assert.StartsWith("admission webhook \"validation.webhook.pipeline.tekton.dev\" denied the request: validation failed: ", refused.Message, StringComparison.Ordinal);
        Assert.Equal("1h0m0s", (await api.Admin.GetAsync(Kinds.TaskRun, "default", "good", cancellationToken)).Text("spec", "timeout"));
    }

    [Fact]
    public async Task A_controller_that_was_killed_goes_on_when_it_is_back()
    {
        (await ControllerAsync("--for", "triggers", "--lease-duration", "1")).Kill();
        await CreateAsync(Kinds.EventListener, Listener);

        await ControllerAsync("--for", "triggers", "--lease-duration", "1");

        await Waits.ForAsync(api.Admin, Kinds.Service, one => one.Name() == "el-lamp", cancellationToken);
    }

    [Fact]
    public async Task Of_two_controllers_one_leads_and_the_other_takes_over()
    {
        var first = await ControllerAsync("--for", "triggers");
        var leader = await HolderAsync(holder => holder.Length > 0);
        await ControllerAsync("--for", "triggers");
        await CreateAsync(Kinds.EventListener, Listener);
        await Waits.ForAsync(api.Admin, Kinds.Deployment, one => one.Name() == "el-lamp", cancellationToken);
        Assert.Equal(leader, await HolderAsync(_ => true));

        Assert.Equal(0, await first.EndAsync(cancellationToken));

        // It gave up its place, so that the wait is far shorter than the fifteen seconds of a leader that falls silent.
        Assert.NotEqual(leader, await HolderAsync(holder => holder.Length > 0 && holder != leader));
        await api.Admin.DeleteAsync(Kinds.Deployment, new ObjectKey("default", "el-lamp"), DeleteQuery.Default, cancellationToken);
        await Waits.ForAsync(api.Admin, Kinds.Deployment, one => one.Name() == "el-lamp", cancellationToken);
    }

    [Fact]
    public async Task The_core_interceptors_serve_with_the_certificate_that_they_made_known()
    {
        var run = await StartAsync(["interceptors", "--port", "0"]);
        await Waits.UntilAsync(
            async () => (await api.Admin.GetAsync(Kinds.ClusterInterceptor, null, "slack", cancellationToken)).Text("spec", "clientConfig", "caBundle") is not null, cancellationToken);
        var bundle = (await api.Admin.GetAsync(Kinds.ClusterInterceptor, null, "cel", cancellationToken)).Text("spec", "clientConfig", "caBundle")!;
        using var client = Trusting(bundle, run.Port);

        using var ready = await client.GetAsync(new Uri("https://tekton-triggers-core-interceptors.tekton-pipelines.svc:8443/ready"), cancellationToken);
        using var answer = await client.PostAsync(
            new Uri("https://tekton-triggers-core-interceptors.tekton-pipelines.svc:8443/cel"),
            new StringContent("""{"body": "{\"a\": 1}", "interceptor_params": {"filter": "body.a == 1.0"}, "context": {"trigger_id": "namespaces/default/triggers/t"}}""", Encoding.UTF8, "application/json"),
            cancellationToken);
        using var unknown = await client.PostAsync(new Uri("https://tekton-triggers-core-interceptors.tekton-pipelines.svc:8443/none"), null, cancellationToken);

        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal("""{"continue":true,"status":{}}""", await answer.Content.ReadAsStringAsync(cancellationToken));
        Assert.Equal((HttpStatusCode.BadRequest, "path did not match any interceptors\n"), (unknown.StatusCode, await unknown.Content.ReadAsStringAsync(cancellationToken)));
    }

    [Fact]
    public async Task What_install_prints_is_what_it_applies_and_it_can_be_applied_again()
    {
        for (var i = 0; i < 2; i++)
        {
            using var install = Start("install", "--image", "example/hikigane:1", "--apply", "--kubeconfig", api.Kubeconfig);
            var said = await install.StandardOutput.ReadToEndAsync(cancellationToken);
            await install.WaitForExitAsync(cancellationToken);
            Assert.Equal(0, install.ExitCode);
            Assert.Contains("deployment/tekton-triggers-webhook applied", said, StringComparison.Ordinal);
        }

        var deployment = await api.Admin.GetAsync(Kinds.Deployment, "tekton-pipelines", "tekton-triggers-controller", cancellationToken);
        var container = deployment.Objects("spec", "template", "spec", "containers").Single();
        Assert.Equal("example/hikigane:1", container.Text("image"));
        Assert.Equal("Webhook", (await api.Admin.GetAsync(Kinds.CustomResourceDefinition, null, "taskruns.tekton.dev", cancellationToken)).Text("spec", "conversion", "strategy"));
    }

    [Fact]
    public async Task The_controllers_of_Pipelines_make_the_pod_of_a_run()
    {
        await ControllerAsync("--for", "pipelines");
        await CreateAsync(Kinds.ServiceAccount, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: default}}");
        await CreateAsync(
            Kinds.TaskRun, "{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: tr, namespace: default}, spec: {taskSpec: {steps: [{name: a, image: alpine, script: echo hi}]}}}");

        await Waits.ForAsync(api.Admin, Kinds.Pod, one => one.Name() == "tr-pod", cancellationToken);
    }

    private static System.Diagnostics.Process Start(params string[] arguments) =>
        new Tool(UpProcess.Executable, new Dictionary<string, string>()).Start(arguments);

    private Task<RoleRun> ControllerAsync(params string[] more) => StartAsync(["controller", .. more]);

    private async Task WebhookAsync(string set, params string[] more)
    {
        var port = RoleRun.FreePort();
        await StartAsync(["webhook", "--for", set, "--port", $"{port}", "--url", $"https://127.0.0.1:{port}", .. more]);
    }

    private async Task<RoleRun> StartAsync(string[] arguments)
    {
        // Each with the account that the installation gives it.
        var set = arguments.SkipWhile(one => one != "--for").Skip(1).FirstOrDefault();
        var kubeconfig = arguments[0] switch
        {
            "listener" => api.Kubeconfig,
            "interceptors" => await api.KubeconfigOfAsync("tekton-triggers-core-interceptors", cancellationToken),
            var role => await api.KubeconfigOfAsync($"tekton-{set}-{role}", cancellationToken),
        };
        var run = await RoleRun.StartAsync(cancellationToken, [.. arguments, "--kubeconfig", kubeconfig, "--health-port", "0"]);
        runs.Add(run);
        return run;
    }

    private Task<JsonObject> CreateAsync(ResourceType type, string yaml) =>
        api.Admin.CreateAsync(type, "default", YamlReader.ReadObject(yaml, out _)!, cancellationToken);

    private async Task<string> HolderAsync(Func<string, bool> isWanted)
    {
        var holder = "";
        await Waits.UntilAsync(
            async () =>
            {
                try
                {
                    var lease = await api.Admin.GetAsync(Kinds.Lease, "tekton-pipelines", "tekton-triggers-controller", cancellationToken);
                    holder = lease.Text("spec", "holderIdentity") ?? "";
                }
                catch (KubeException exception) when (exception.IsNotFound)
                {
                    return false;
                }

                return isWanted(holder);
            },
            cancellationToken);
        return holder;
    }

    /// <summary>A client that trusts an authority and reaches every host on one port of this machine.</summary>
    private static HttpClient Trusting(string bundle, int port)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(bundle)));
        return new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { CertificateChainPolicy = policy },
            ConnectCallback = async (_, token) =>
            {
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, port, token);
                return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
            },
        });
    }
}
