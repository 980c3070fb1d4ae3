using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.ApiServer;
using Hikigane.ApiServer.Registry;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Server.Webhooks;

namespace Hikigane.Integration;

/// <summary>The embedded API with Tekton's admission, over HTTP, and nothing else of the program.</summary>
public sealed class ServedApi : IAsyncLifetime
{
    private const string Token = "test";
    private readonly HttpClient client = new();
    private readonly CancellationTokenSource stopping = new();
    private ApiServerHost host = null!;
    private Task definitions = Task.CompletedTask;

    internal ObjectApi Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Api = new ObjectApi(new MemoryStore(), new ServedKinds(), TimeProvider.System);
        var wiring = new ApiWiring(Api, null, Token);
        TektonAdmission.AddTo(Api);
        await wiring.BootstrapAsync(CancellationToken.None);
        host = await ApiServerHost.StartAsync(Api, wiring.Hooks(null), new ApiServerOptions(), _ => { }, CancellationToken.None);
        definitions = wiring.FollowDefinitionsAsync(stopping.Token);
        client.BaseAddress = new Uri(host.Address);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        await SendAsync("POST", "api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"tekton-pipelines"}}""");
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await stopping.CancelAsync();
        await definitions.ContinueWith(_ => { }, TaskScheduler.Default);
        stopping.Dispose();
        await host.DisposeAsync();
    }

    /// <summary>Sends a body as it is; gives the code, the answer, and its warnings.</summary>
    public async Task<(int Code, JsonNode? Answer, IReadOnlyList<string> Warnings)> SendAsync(string method, string path, string? body, string mediaType = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, mediaType);
        }

        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var answer = response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(text) : JsonValue.Create(text);
        return ((int)response.StatusCode, answer, response.Headers.TryGetValues("Warning", out var warnings) ? [.. warnings] : []);
    }
}
