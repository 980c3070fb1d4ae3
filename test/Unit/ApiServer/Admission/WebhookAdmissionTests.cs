using System.Text;
using System.Text.Json.Nodes;
using Hikigane.ApiServer;
using Hikigane.ApiServer.Admission;
using Hikigane.ApiServer.Registry;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;
using Hikigane.Server.Https;
using Microsoft.AspNetCore.Http;

namespace Hikigane.Unit.ApiServer.Admission;

/// <summary>Webhooks of users, over real HTTPS.</summary>
public sealed class WebhookAdmissionTests : IAsyncLifetime
{
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;
    private readonly ServingKeys keys = ServingKeys.Make("hook", ["hook.default.svc", "127.0.0.1"], TimeProvider.System.GetUtcNow());
    private readonly List<JsonObject> asked = [];
    private ObjectApi api = null!;
    private ApiWiring wiring = null!;
    private WebhookAdmission webhooks = null!;
    private HttpsServer server = null!;
    private string answer = """{"allowed": true}""";

    public async ValueTask InitializeAsync()
    {
        api = new ObjectApi(new MemoryStore(), new ServedKinds(), TimeProvider.System);
        wiring = new ApiWiring(api, null, null);
        var certificate = keys.ToCertificate();
        server = await HttpsServer.StartAsync(ListenAddress.Loopback, () => certificate, AnswerAsync, cancellationToken);
        webhooks = new WebhookAdmission(api, DialAsync, new HashSet<string> { "ours.example.com" });
        webhooks.Add();
        await wiring.BootstrapAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        webhooks.Dispose();
        wiring.Dispose();
        await api.Store.DisposeAsync();
    }

    [Fact]
    public async Task A_mutating_webhook_of_a_Service_changes_what_is_stored()
    {
        await ConfigureAsync("Mutating", "service: {name: hook, namespace: default, path: /m}");
        answer = $$"""{"allowed": true, "patchType": "JSONPatch", "patch": "{{Base64("""[{"op": "add", "path": "/data/b", "value": "2"}]""")}}"}""";

        var created = await CreateAsync("x");

        Assert.Equal("2", created.Text("data", "b"));
        var request = Assert.Single(asked).Object("request");
        Assert.Equal(("CREATE", "x", "configmaps"), (request.Text("operation"), request.Text("name"), request.Text("resource", "resource")));
        Assert.Equal("system:admin", request.Text("userInfo", "username"));
    }

    [Theory]
    [InlineData("""{"allowed": false, "status": {"code": 403, "message": "no way"}}""", 403, "admission webhook \"v.example.com\" denied the request: no way")]
    [InlineData("""{"allowed": false}""", 400, "admission webhook \"v.example.com\" denied the request without explanation")]
    public async Task A_validating_webhook_refuses(string verdict, int code, string message)
    {
        await ConfigureAsync("Validating", $"url: https://127.0.0.1:{server.Port}/v");
        answer = verdict;

        var refused = await Assert.ThrowsAsync<KubeException>(() => CreateAsync("x"));

        Assert.Equal((code, message), (refused.Code, refused.Message));
    }

    [Theory]
    [InlineData("namespaceSelector: {matchLabels: {team: red}}")]
    [InlineData("objectSelector: {matchExpressions: [{key: watched, operator: Exists}]}")]
    [InlineData("matchConditions: [{name: other, expression: \"object.metadata.name == 'y'\"}]")]
    [InlineData("rules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [UPDATE], resources: [configmaps]}]")]
    [InlineData("rules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE], resources: [configmaps/status]}]")]
    [InlineData("rules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE], resources: [configmaps], scope: Cluster}]")]
    [InlineData("name: ours.example.com")]
    public async Task What_a_webhook_does_not_want_is_not_sent_to_it(string more)
    {
        await ConfigureAsync("Validating", $"url: https://127.0.0.1:{server.Port}/v", more);
        answer = """{"allowed": false}""";

        await CreateAsync("x");

        Assert.Empty(asked);
    }

    [Fact]
    public async Task A_webhook_that_is_not_there_stops_the_write_unless_that_is_to_be_ignored()
    {
        await server.DisposeAsync();
        await ConfigureAsync("Validating", $"url: https://127.0.0.1:{server.Port}/v");
        var refused = await Assert.ThrowsAsync<KubeException>(() => CreateAsync("x"));
        await ConfigureAsync("Validating", $"url: https://127.0.0.1:{server.Port}/v", "failurePolicy: Ignore");

        await CreateAsync("x");

        Assert.Equal(500, refused.Code);
        Assert.Equal(
            $"Internal error occurred: failed calling webhook \"v.example.com\": failed to call webhook: Post \"https://127.0.0.1:{server.Port}/v?timeout=10s\": "
                + $"dial tcp 127.0.0.1:{server.Port}: connect: connection refused",
            refused.Message);
    }

    [Fact]
    public async Task A_webhook_with_another_authority_is_not_trusted()
    {
        var other = ServingKeys.Make("other", ["127.0.0.1"], TimeProvider.System.GetUtcNow());
        await ConfigureAsync("Validating", $"url: https://127.0.0.1:{server.Port}/v, caBundle: {other.Bundle}");

        Assert.Equal(500, (await Assert.ThrowsAsync<KubeException>(() => CreateAsync("x"))).Code);
        Assert.Empty(asked);
    }

    private async Task ConfigureAsync(string kind, string client, string more = "sideEffects: None")
    {
        var type = kind == "Mutating" ? Kinds.MutatingWebhookConfiguration : Kinds.ValidatingWebhookConfiguration;
        var manifest = YamlReader.ReadObject(
            $$"""
            apiVersion: admissionregistration.k8s.io/v1
            kind: {{kind}}WebhookConfiguration
            metadata: {name: hooks}
            webhooks:
            - name: v.example.com
              clientConfig: { {{client}} }
              rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
            """, out _)!;
        var webhook = manifest.Objects("webhooks").Single();
        webhook.Object("clientConfig")!["caBundle"] ??= keys.Bundle;
        foreach (var (name, value) in YamlReader.ReadObject(more, out _)!)
        {
            webhook[name] = value?.DeepClone();
        }

        var kube = new LocalKube(api, Caller.System);
        try
        {
            await kube.CreateAsync(type, null, manifest, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsAlreadyExists)
        {
            await kube.UpdateAsync(type, manifest, cancellationToken);
        }
    }

    private Task<JsonObject> CreateAsync(string name) => new LocalKube(api, Caller.System).CreateAsync(
        Kinds.ConfigMap, "default", YamlReader.ReadObject($"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}, data: {{a: \"1\"}}}}", out _)!, cancellationToken);

    private async ValueTask<Stream?> DialAsync(string host, int port, CancellationToken token)
    {
        if (host != "hook.default.svc")
        {
            return null;
        }

        var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", server.Port, token);
        return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var review = (JsonObject)(await JsonNode.ParseAsync(http.Request.Body, cancellationToken: cancellationToken))!;
        asked.Add(review);
        var response = (JsonObject)JsonNode.Parse(answer)!;
        response["uid"] = review.Text("request", "uid");
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(new JsonObject { ["response"] = response }.ToJsonString(), cancellationToken);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
