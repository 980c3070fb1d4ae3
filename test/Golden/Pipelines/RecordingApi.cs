using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.ApiServer;
using Hikigane.ApiServer.Registry;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Resources.Json;
using Hikigane.Server.Webhooks;

namespace Hikigane.Golden.Pipelines;

/// <summary>The embedded API with Tekton's admission, over HTTP: what the recorded requests are sent to. One for each configuration.</summary>
#pragma warning disable CA1001 // lives as long as the program
internal sealed class RecordingApi
{
    private const string Token = "golden";
    private static readonly ConcurrentDictionary<string, Lazy<Task<RecordingApi>>> Known = new();

    private readonly HttpClient client;

    private RecordingApi(ObjectApi api, ApiServerHost host)
    {
        Api = api;
        client = new HttpClient { BaseAddress = new Uri(host.Address) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public ObjectApi Api { get; }

    /// <summary>The API whose ConfigMaps say what a case's <c>config</c> says.</summary>
    public static Task<RecordingApi> WithAsync(JsonObject? config) =>
        Known.GetOrAdd(config?.ToJsonString() ?? "", _ => new Lazy<Task<RecordingApi>>(() => StartAsync(config))).Value;

    /// <summary>Sends a body, where there is one; an answer that is not JSON comes as its text.</summary>
    public async Task<(int Code, JsonNode Answer)> SendAsync(HttpMethod method, string path, JsonObject? body, string mediaType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, mediaType);
        }

        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(text)! : JsonValue.Create(text));
    }

    /// <summary>A namespace of its own for what must be stored.</summary>
    public async Task NamespaceAsync(string name) => await SendAsync(HttpMethod.Post, "api/v1/namespaces", Named("Namespace", name));

    private static async Task<RecordingApi> StartAsync(JsonObject? config)
    {
        var api = new ObjectApi(new MemoryStore(), new ServedKinds(), TimeProvider.System);
        var wiring = new ApiWiring(api, null, Token);
        TektonAdmission.AddTo(api);
        await wiring.BootstrapAsync(CancellationToken.None);
        var host = await ApiServerHost.StartAsync(api, wiring.Hooks(null), new ApiServerOptions(), _ => { }, CancellationToken.None);
        var started = new RecordingApi(api, host);
        await started.NamespaceAsync("vec");
        await started.NamespaceAsync("tekton-pipelines");
        foreach (var name in (string[])["feature-flags", "config-defaults"])
        {
            var map = Named("ConfigMap", name);
            map["data"] = config.Object(name)?.DeepClone() ?? new JsonObject();
            map["metadata"]!["labels"] = new JsonObject { ["app.kubernetes.io/part-of"] = "tekton-pipelines" };
            var (code, answer) = await started.SendAsync(HttpMethod.Post, "api/v1/namespaces/tekton-pipelines/configmaps", map);
            if (code != 201)
            {
                throw new InvalidOperationException(answer.ToJsonString());
            }
        }

        return started;
    }

    private static JsonObject Named(string kind, string name) =>
        new() { ["apiVersion"] = "v1", ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name } };
}
