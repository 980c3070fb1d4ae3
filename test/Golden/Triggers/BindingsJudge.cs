using System.Text;
using System.Text.Json.Nodes;
using Hikigane.ApiServer;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.ApiServer.Validation;
using Hikigane.Resources;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Server.Listener;
using Hikigane.Triggers;
using Hikigane.Triggers.Interceptors;
using Hikigane.Triggers.Templates;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikigane.Golden.Triggers;

/// <summary>Event, bindings and template through the flow, and the objects created on an API in memory.</summary>
internal static class BindingsJudge
{
    private const string Namespace = "lamp-ci";
    private const string EventId = "8c1b4f0e-51f5-4a4d-9d7e-2b54d3a1f7aa";

    public static async Task<string?> JudgeAsync(JsonObject recorded)
    {
        var input = recorded.Object("input")!;
        await using var store = new MemoryStore();
        var api = new ObjectApi(store, ServedKinds.Named(), TimeProvider.System);
        foreach (var kind in api.Kinds.All)
        {
            api.Kinds.Add(kind with { Validate = (manifest, old) => CoreValidation.Check(kind.Type, manifest, old) });
        }

        await api.BootstrapAsync(CancellationToken.None);
        var kube = new LocalKube(api, Caller.System);
        foreach (var (type, manifest) in Objects(input))
        {
            await kube.CreateAsync(type, null, manifest, CancellationToken.None);
        }

        await using var objects = new ListenerCaches(
            kube, new SinkOptions { Name = "lamp", Namespace = Namespace }, TimeProvider.System, NullLogger<ListenerCaches>.Instance);
        await objects.SyncedAsync(TimeProvider.System, CancellationToken.None);
        // The types of fields are looked at for everybody but the program itself.
        var account = kube.As($"system:serviceaccount:{Namespace}:lamp", "system:serviceaccounts");
        var decision = new EventDecision(objects, Ports(input.Object("extensions")), new CreatorParts(account, kube, Find, (_, _) => account) { Serves = api.Kinds.Serves });
        ValueTask<ResourceType?> Find(string apiVersion, string kind, CancellationToken cancellationToken) =>
            ValueTask.FromResult(api.Kinds.FindKind(apiVersion, kind)?.Type);

        var verdict = (await decision.DecideAsync(Received(input), CancellationToken.None)).Triggers[0];

        var created = new JsonArray();
        foreach (var one in verdict.Created)
        {
            var type = api.Kinds.FindKind(one.ApiVersion, one.Kind)!.Value.Type;
            created.Add((JsonNode)Normalised(await kube.GetAsync(type, one.Namespace, one.Name, CancellationToken.None)));
        }

        var got = new JsonObject { ["created"] = created };
        if (verdict.Outcome != TriggerOutcome.Fired)
        {
            got["error"] = GeneratedNameIn(verdict.Message);
        }

        var want = recorded.Object("want")!;
        if (want.ContainsKey("params"))
        {
            got["params"] = new JsonObject(verdict.Params.Select(
                param => KeyValuePair.Create(param.Name, (JsonNode?)param.Value.Replace(EventId, "<eventID>", StringComparison.Ordinal))));
        }

        return JsonDiff.Explain(want, got);
    }

    private static ReceivedEvent Received(JsonObject input) => new()
    {
        EventId = EventId,
        ListenerNamespace = Namespace,
        ListenerName = "lamp",
        ListenerUid = "u",
        ReceivedAt = DateTimeOffset.UnixEpoch,
        Method = "POST",
        Path = "/",
        Headers = [.. input.Items("event", "headers").Select(pair => KeyValuePair.Create((string)pair![0]!, (string)pair[1]!))],
        Body = Encoding.UTF8.GetBytes(input.Text("event", "body") ?? ""),
    };

    private static IEnumerable<(ResourceType Type, JsonObject Manifest)> Objects(JsonObject input)
    {
        yield return (Kinds.Namespace, Manifest(Kinds.Namespace, Namespace, null, []));
        yield return (Kinds.EventListener, Manifest(Kinds.EventListener, "lamp", Namespace, new JsonObject { ["triggers"] = new JsonArray(Trigger(input)) }));
        yield return (Kinds.ClusterInterceptor, Manifest(Kinds.ClusterInterceptor, "first", null,
            (JsonObject)JsonNode.Parse("""{"clientConfig":{"service":{"name":"tekton-triggers-core-interceptors"}}}""")!));
        if (!IsInline(input))
        {
            var template = Manifest(Kinds.TriggerTemplate, "template", Namespace, input.Object("template")!.Copy());
            template.Ensure("metadata")["annotations"] = input.At("template", "annotations")?.DeepClone();
            yield return (Kinds.TriggerTemplate, template);
        }

        foreach (var binding in input.Objects("objects").Select(one => one.Copy()))
        {
            var type = binding.Text("kind") == "ClusterTriggerBinding" ? Kinds.ClusterTriggerBinding : Kinds.TriggerBinding;
            if (type.IsNamespaced)
            {
                binding.Ensure("metadata")["namespace"] = Namespace;
            }

            yield return (type, binding);
        }
    }

    private static bool IsInline(JsonObject input) => input.Flag("inline") || input.At("template").Flag("inline");

    private static JsonObject Trigger(JsonObject input) => new()
    {
        ["name"] = "push-trigger",
        ["bindings"] = input["bindings"]?.DeepClone(),
        ["interceptors"] = input["extensions"] is null ? [] : new JsonArray(new JsonObject { ["ref"] = new JsonObject { ["name"] = "first" } }),
        ["template"] = IsInline(input) ? new JsonObject { ["spec"] = input["template"]!.DeepClone() } : new JsonObject { ["ref"] = "template" },
    };

    private static JsonObject Manifest(ResourceType type, string name, string? ns, JsonObject spec) => new()
    {
        ["apiVersion"] = type.ApiVersion,
        ["kind"] = type.Kind,
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns },
        ["spec"] = spec,
    };

    private static InterceptorPorts Ports(JsonObject? extensions) => new()
    {
        BuiltIn = _ => (_, _) => ValueTask.FromResult(InterceptorResponse.Pass(extensions)),
        Remote = (_, _, _) => throw new InterceptorException("not recorded"),
        Webhook = (_, _) => throw new InterceptorException("not recorded"),
    };

    private static JsonNode Normalised(JsonObject created)
    {
        return JsonNode.Parse(CreatedObject.AsRecorded(created).ToJsonString()
            .Replace(EventId, "<eventID>", StringComparison.Ordinal)
            .Replace(GeneratedName.Uid(EventId, $"{Namespace}/push-trigger"), "<uid>", StringComparison.Ordinal))!;
    }

    /// <summary>The derived name of the first template, where a message quotes it.</summary>
    private static string GeneratedNameIn(string message) => message.Replace(
        GeneratedName.Of("out-", EventId, $"{Namespace}/push-trigger", 0), "out-<generated>", StringComparison.Ordinal);
}
