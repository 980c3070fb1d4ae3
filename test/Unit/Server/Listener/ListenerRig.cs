using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kit;
using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Server.Listener;
using Hikigane.Triggers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikigane.Unit.Server.Listener;

/// <summary>A listener <c>el</c> in <c>default</c> that serves on a real port, over an API and a ledger in memory.</summary>
internal sealed class ListenerRig : IAsyncDisposable
{
    public const string Template = """{"spec":{"params":[{"name":"v"}],"resourcetemplates":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"out-"},"data":{"v":"$(tt.params.v)"}}]}}""";
    public const string Binding = """[{"name":"v","value":"$(body.a)"}]""";

    private readonly HttpClient client = new();
    private bool isStopped;

    private ListenerRig(EmbeddedApi api, SqliteLedger ledger, RunningListener listener) => (Api, Ledger, Listener) = (api, ledger, listener);

    public EmbeddedApi Api { get; }

    public SqliteLedger Ledger { get; }

    public RunningListener Listener { get; }

    public string Address => $"http://127.0.0.1:{Listener.Port}/";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>A trigger that makes a ConfigMap of <c>body.a</c>.</summary>
    public static JsonObject Trigger(string name = "push", string template = Template) => new()
    {
        ["name"] = name,
        ["bindings"] = JsonNode.Parse(Binding),
        ["template"] = JsonNode.Parse(template),
    };

    public static async Task<ListenerRig> StartAsync(
        Dictionary<string, string>? annotations = null,
        IReadOnlyList<JsonObject>? triggers = null,
        Func<SinkOptions, SinkOptions>? options = null,
        Func<ListenerParts, ListenerParts>? parts = null,
        TimeProvider? time = null,
        IReadOnlyList<string>? objects = null)
    {
        var api = await EmbeddedApi.InMemory(TimeProvider.System);
        foreach (var manifest in (objects ?? []).Select(text => (JsonObject)JsonNode.Parse(text)!))
        {
            await api.CreateAsync(api.Api.Kinds.FindKind(manifest.Text("apiVersion")!, manifest.Text("kind")!)!.Value.Type, manifest);
        }

        await api.CreateAsync(Kinds.EventListener, new JsonObject
        {
            ["apiVersion"] = Kinds.EventListener.ApiVersion,
            ["kind"] = "EventListener",
            ["metadata"] = new JsonObject
            {
                ["name"] = "el",
                ["namespace"] = "default",
                ["annotations"] = new JsonObject((annotations ?? []).Select(pair => KeyValuePair.Create<string, JsonNode?>("listener.hikigane.dev/" + pair.Key, pair.Value))),
            },
            ["spec"] = new JsonObject { ["serviceAccountName"] = "builder", ["triggers"] = new JsonArray([.. triggers ?? [Trigger()]]) },
        });
        var ledger = SqliteLedger.InMemory(TimeProvider.System);
        var sink = new SinkOptions { Name = "el", Namespace = "default" };
        var listener = await RunningListener.StartAsync(
            options?.Invoke(sink) ?? sink, "builder", parts?.Invoke(Parts(api, ledger, time)) ?? Parts(api, ledger, time), Stop);
        return new ListenerRig(api, ledger, listener);
    }

    public async Task<HttpResponseMessage> PostAsync(string body = """{"a":1}""", string path = "", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address + path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await client.SendAsync(request, Stop);
    }

    /// <summary>Sends bytes as they are; returns all that comes back until the listener hangs up.</summary>
    public async Task<string> SendRawAsync(byte[] bytes)
    {
        using var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Listener.Port, Stop);
        var stream = socket.GetStream();
        await stream.WriteAsync(bytes, Stop);
        using var received = new MemoryStream();
        try
        {
            await stream.CopyToAsync(received, Stop);
        }
        catch (IOException)
        {
        }

        return Encoding.Latin1.GetString(received.ToArray());
    }

    public async Task AnnotateAsync(string name, string? value)
    {
        var body = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["listener.hikigane.dev/" + name] = value } } };
        await Api.Kube.PatchAsync(Kinds.EventListener, new ObjectKey("default", "el"), new Patch(PatchKind.Merge, body), Stop);
    }

    /// <summary>What was created by events, once the listener has decided all that it took.</summary>
    public async Task<IReadOnlyList<JsonObject>> CreatedAsync()
    {
        await StopAsync();
        return (await Api.Kube.ListAsync(Kinds.ConfigMap, "default", new ListQuery("triggers.tekton.dev/eventlistener"), Stop)).Items;
    }

    public async Task StopAsync()
    {
        if (!isStopped)
        {
            isStopped = true;
            await Listener.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await StopAsync();
        await Ledger.DisposeAsync();
        await Api.DisposeAsync();
    }

    private static ListenerParts Parts(EmbeddedApi api, SqliteLedger ledger, TimeProvider? time) => new()
    {
        Ledger = ledger,
        Impersonate = (ns, name) => api.Kube.As($"system:serviceaccount:{ns}:{name}", "system:serviceaccounts"),
        Reader = api.Kube,
        Find = (apiVersion, kind, _) => ValueTask.FromResult(api.Api.Kinds.FindKind(apiVersion, kind)?.Type),
        Ports = new InterceptorPorts
        {
            BuiltIn = _ => null,
            Remote = (_, _, _) => throw new InvalidOperationException("no interceptor is asked"),
            Webhook = (_, _) => throw new InvalidOperationException("no webhook is asked"),
        },
        Secrets = BuiltInInterceptors.SecretsOf(api.Kube),
        Time = time ?? TimeProvider.System,
        Logging = NullLoggerFactory.Instance,
    };
}
