using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.ApiServer;
using Hikigane.ApiServer.Authorization;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Server.Install;
using Hikigane.Server.Interceptors;
using Hikigane.Server.Listener;
using Hikigane.Triggers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikigane.Golden.Triggers;

/// <summary>
/// Bytes over a socket to a running listener, on an API in memory: what it answers, what it creates, whom it asks. Progress
/// events are compared where they were recorded; log lines are not.
/// </summary>
internal static partial class SinkHttpJudge
{
    private const string Namespace = "lamp-http";
    private const string ListenerAccount = "the-listener";

    public static async Task<string?> JudgeAsync(JsonObject recorded)
    {
        var input = recorded.Object("input")!;
        await using var store = new MemoryStore();
        var api = new ObjectApi(store, ServedKinds.Named(), TimeProvider.System);
        api.Authorize = RolesOf(api);
        await api.BootstrapAsync(CancellationToken.None);
        var kube = new LocalKube(api, Caller.System);
        var uid = await CreateObjectsAsync(api, kube, input);

        // Waiting is recorded in seconds; nobody has to sit through them.
        TimeProvider time = IsSlow(input) ? new QuickTime(10) : TimeProvider.System;
        await using var ledger = SqliteLedger.InMemory(TimeProvider.System);
        await using var helper = await SinkHelper.StartAsync(input.Object("helpers"), time);
        using var client = new InterceptorClient(time)
        {
            Connect = helper.ConnectAsync,
            ResponseTimeout = TimeSpan.FromSeconds(input.Integer("sink", "responseHeaderTimeoutSeconds") ?? 10),
        };
        await using var secrets = new SecretCache(kube, TimeProvider.System, NullLogger<SecretCache>.Instance);
        var parts = new ListenerParts
        {
            Ledger = ledger,
            Impersonate = (ns, name) => name == ListenerAccount ? kube
                : kube.As($"system:serviceaccount:{ns}:{name}", "system:serviceaccounts", $"system:serviceaccounts:{ns}"),
            Reader = kube,
            Find = (apiVersion, kind, _) => ValueTask.FromResult(api.Kinds.FindKind(apiVersion, kind)?.Type),
            Ports = new InterceptorPorts
            {
                BuiltIn = BuiltInInterceptors.Of(secrets.ReadAsync, client.AskGitHubAsync, time),
                Remote = client.AskAsync,
                Webhook = client.AskWebhookAsync,
            },
            SendCloudEvent = client.PostCloudEventAsync,
            Time = time,
            Logging = NullLoggerFactory.Instance,
        };
        var responses = new JsonArray();
        await using (var listener = await RunningListener.StartAsync(Options(input), ListenerAccount, parts, CancellationToken.None))
        {
            foreach (var request in input.Objects("requests"))
            {
                responses.Add((JsonNode)await RawHttp.AskAsync(listener.Port, request));
            }
        }

        var got = new JsonObject
        {
            ["responses"] = responses,
            ["created"] = await CreatedAsync(kube),
            ["calls"] = helper.Calls(),
            ["kubernetesEvents"] = await EventsAsync(kube),
        };
        return Compare(recorded.Object("want")!, got, uid);
    }

    private static SinkOptions Options(JsonObject input) => new()
    {
        Name = input.Text("sink", "listenerName") ?? "lamp",
        Namespace = Namespace,
        ValidatesPayload = input["sink"]?["payloadValidation"]?.GetValue<bool>() ?? true,
        IsMultiNamespace = input.At("sink").Flag("multiNamespace"),
        CloudEventUri = input.Text("sink", "cloudEventURI") ?? "",
        RecordsEvents = input.At("sink").Flag("kubernetesEvents"),
        HandlerTimeout = TimeSpan.FromSeconds(input.Integer("sink", "timeoutHandlerSeconds") ?? 5),
    };

    private static bool IsSlow(JsonObject input) =>
        input.Objects("requests").Any(request => request.ContainsKey("contentLength"))
        || (input.Object("helpers") ?? []).Any(helper => helper.Value is JsonObject answer && answer.ContainsKey("delaySeconds"));

    /// <summary>Who is not the administrator may do what its roles say.</summary>
    private static Authorizer RolesOf(ObjectApi api)
    {
        var roles = new RbacAuthorizer(() => RbacObjects.Of(api.Store.Current));
        return request => !request.Caller.Name.StartsWith("system:serviceaccount:", StringComparison.Ordinal)
            || roles.Decide(
                new Subject(request.Caller.Name, [.. request.Caller.Groups]),
                new AccessAttributes(request.Verb, request.Target!.Type.Group, request.Target.Type.Plural, "", request.Target.Namespace, request.Target.Name)).IsAllowed
            ? null : "";
    }

    /// <summary>The listener's uid.</summary>
    private static async Task<string> CreateObjectsAsync(ObjectApi api, LocalKube kube, JsonObject input)
    {
        var manifests = new List<JsonObject>();
        foreach (var ns in (string[])[Namespace, "other-http"])
        {
            manifests.Add(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = ns } });
        }

        manifests.AddRange(TriggersInstall.Manifests().Where(manifest => manifest.Text("kind") == "ClusterInterceptor"));
        manifests.AddRange(input.Objects("objects"));
        manifests.AddRange(input.Objects("secrets").Select(secret => new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["name"] = secret.Text("name"), ["namespace"] = secret.Text("namespace") },
            ["data"] = new JsonObject(secret.Object("data")!.Select(
                pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, Convert.ToBase64String(Encoding.UTF8.GetBytes(pair.Value.Text()!))))),
        }));
        foreach (var manifest in manifests)
        {
            var created = await CreateAsync(manifest.Copy());
            if (manifest.Object("status") is { } status)
            {
                var withStatus = created.Copy();
                withStatus["status"] = status.Copy();
                await kube.UpdateAsync(api.Kinds.FindKind(manifest.Text("apiVersion")!, manifest.Text("kind")!)!.Value.Type, withStatus, CancellationToken.None, "status");
            }
        }

        if (input.Object("listener")!.ContainsKey("__missing__"))
        {
            return "";
        }

        return (await CreateAsync(new JsonObject
        {
            ["apiVersion"] = Kinds.EventListener.ApiVersion,
            ["kind"] = "EventListener",
            ["metadata"] = new JsonObject
            {
                ["name"] = "lamp",
                ["namespace"] = Namespace,
                ["labels"] = input["listenerLabels"]?.DeepClone(),
                ["annotations"] = input["listenerAnnotations"]?.DeepClone(),
            },
            ["spec"] = input["listener"]!.DeepClone(),
        })).Uid();

        Task<JsonObject> CreateAsync(JsonObject manifest) =>
            kube.CreateAsync(api.Kinds.FindKind(manifest.Text("apiVersion")!, manifest.Text("kind")!)!.Value.Type, null, manifest, CancellationToken.None);
    }

    private static async Task<JsonArray> CreatedAsync(LocalKube kube)
    {
        var created = new List<JsonObject>();
        foreach (var type in (ResourceType[])[Kinds.ConfigMap, Kinds.Secret])
        {
            created.AddRange((await kube.ListAsync(type, null, new ListQuery("triggers.tekton.dev/triggers-eventid"), CancellationToken.None)).Items.Select(Normalised));
        }

        return [.. created
            .OrderBy(one => one.Namespace(), StringComparer.Ordinal)
            .ThenBy(one => one.Label("triggers.tekton.dev/trigger"), StringComparer.Ordinal)
            .ThenBy(one => one["data"]?.ToJsonString(), StringComparer.Ordinal)];
    }

    private static async Task<JsonArray> EventsAsync(LocalKube kube)
    {
        var events = (await kube.ListAsync(Kinds.Event, Namespace, ListQuery.All, CancellationToken.None)).Items.Select(one => one.Copy()).ToList();
        foreach (var one in events)
        {
            one.Object("involvedObject")?.Remove("resourceVersion");
            foreach (var removed in one.Select(pair => pair.Key).ToList())
            {
                if (removed is not ("type" or "reason" or "message" or "involvedObject" or "source" or "count" or "reportingComponent"))
                {
                    one.Remove(removed);
                }
            }
        }

        return [.. events.OrderBy(one => one.Text("reason"), StringComparer.Ordinal)];
    }

    private static JsonObject Normalised(JsonObject created)
    {
        created = CreatedObject.AsRecorded(created);

        foreach (var (key, value) in created.Object("data")?.ToList() ?? [])
        {
            if (value.Text() is { Length: > 4000 } text)
            {
                var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
                created["data"]![key] = $"<{text.Length} characters, sha256 {digest}>";
            }
        }

        return created;
    }

    private static string? Compare(JsonObject want, JsonObject got, string uid)
    {
        var ids = got.Objects("responses").Select(EventId).Where(id => id.Length > 0).ToList();
        var text = got.ToJsonString();
        for (var i = 0; i < ids.Count; i++)
        {
            text = text.Replace(ids[i], ids.Count == 1 ? "<eventID>" : $"<eventID{i + 1}>", StringComparison.Ordinal);
        }

        got = (JsonObject)JsonNode.Parse(uid.Length > 0 ? text.Replace(uid, "<listenerUID>", StringComparison.Ordinal) : text)!;
        foreach (var headers in got.Objects("calls").Select(call => call.Object("headers")!).Where(headers => headers.ContainsKey("Ce-Id")))
        {
            headers["Ce-Time"] = new JsonArray("<time>");
            foreach (var name in (string[])["Ce-Id", "Ce-Subject"])
            {
                headers[name] = new JsonArray(Uuid().Replace(headers[name]![0].Text()!, "<uuid>"));
            }
        }

        if (ids.Count > 1)
        {
            // Equal in data and label: the order of creation is no order.
            got["created"] = new JsonArray([.. got.Objects("created").OrderBy(
                one => one["data"]?.ToJsonString() + one.Label("triggers.tekton.dev/triggers-eventid"), StringComparer.Ordinal).Select(one => one.DeepClone())]);
        }

        want = want.Copy();
        want.Remove("log");
        if (!want.ContainsKey("kubernetesEvents"))
        {
            got.Remove("kubernetesEvents");
        }

        if (!want.ContainsKey("calls"))
        {
            got.Remove("calls");
        }

        return JsonDiff.Explain(want, got);
    }

    private static string EventId(JsonObject response)
    {
        var body = response.Text("body") ?? "";
        return body.StartsWith('{') ? JsonNode.Parse(body)!["eventID"].Text() ?? "" : "";
    }

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Uuid();

    /// <summary>Real time that runs faster.</summary>
    private sealed class QuickTime(int factor) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / factor : dueTime, period);
    }
}
