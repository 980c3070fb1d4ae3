using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Triggers;
using Hikigane.Triggers.Interceptors;
using Hikigane.Triggers.Templates;

namespace Hikigane.Golden.Triggers;

/// <summary>Event, bindings and template through the flow, up to the objects to create.</summary>
internal static class BindingsJudge
{
    private const string Namespace = "lamp-ci";
    private const string EventId = "8c1b4f0e-51f5-4a4d-9d7e-2b54d3a1f7aa";

    public static async Task<string?> JudgeAsync(JsonObject recorded)
    {
        var input = recorded.Object("input")!;
        var received = new ReceivedEvent
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
        var flow = new TriggerFlow(Lookups(input), Ports(input.Object("extensions")));

        var decision = (await flow.DecideAsync(received, Listener(input), CancellationToken.None))[0];

        var got = new JsonObject { ["created"] = new JsonArray([.. decision.Objects.Select(Normalised)]) };
        if ((decision.AfterObjects ?? (decision.IsFired ? null : decision.Verdict)) is { } failed)
        {
            got["error"] = failed.Message;
        }

        var want = recorded.Object("want")!.Copy();
        if (want.ContainsKey("params"))
        {
            var values = new JsonObject();
            foreach (var param in decision.Verdict.Params)
            {
                values[param.Name] = param.Value.Replace(EventId, "<eventID>", StringComparison.Ordinal);
            }

            got["params"] = values;
        }

        return JsonDiff.Explain(want, got);
    }

    private static JsonObject Listener(JsonObject input) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = "lamp", ["namespace"] = Namespace },
        ["spec"] = new JsonObject
        {
            ["triggers"] = new JsonArray(new JsonObject
            {
                ["name"] = "push-trigger",
                ["bindings"] = input["bindings"]?.DeepClone(),
                ["interceptors"] = input["extensions"] is null ? [] : new JsonArray(new JsonObject { ["ref"] = new JsonObject { ["name"] = "first" } }),
                ["template"] = input.At("template").Flag("inline") || input.Flag("inline")
                    ? new JsonObject { ["spec"] = input["template"]!.DeepClone() }
                    : new JsonObject { ["ref"] = "template" },
            }),
        },
    };

    private static TriggerLookups Lookups(JsonObject input)
    {
        var template = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "template", ["namespace"] = Namespace, ["annotations"] = input.At("template", "annotations")?.DeepClone() },
            ["spec"] = input["template"]!.DeepClone(),
        };
        var core = JsonNode.Parse("""{"spec":{"clientConfig":{"service":{"name":"tekton-triggers-core-interceptors"}}}}""") as JsonObject;
        return new TriggerLookups
        {
            Trigger = (_, _) => null,
            Triggers = _ => [],
            Binding = (ns, name) => Find(input, "TriggerBinding", ns, name),
            ClusterBinding = name => Find(input, "ClusterTriggerBinding", "", name),
            Template = (_, name) => name == "template" ? template : null,
            ClusterInterceptor = _ => core,
            NamespacedInterceptor = (_, _) => null,
        };
    }

    private static JsonObject? Find(JsonObject input, string kind, string ns, string name) => input.Objects("objects").FirstOrDefault(one =>
        one.Text("kind") == kind && one.Name() == name && (ns.Length == 0 || one.Namespace().Length == 0 || one.Namespace() == ns));

    private static InterceptorPorts Ports(JsonObject? extensions) => new()
    {
        BuiltIn = _ => (_, _) => ValueTask.FromResult(InterceptorResponse.Pass(extensions)),
        Remote = (_, _, _) => throw new InterceptorException("not recorded"),
        Webhook = (_, _) => throw new InterceptorException("not recorded"),
    };

    private static JsonNode Normalised(JsonObject manifest)
    {
        if (manifest.Text("metadata", "generateName") is not null)
        {
            manifest.Ensure("metadata").Remove("name");
        }

        return JsonNode.Parse(manifest.ToJsonString()
            .Replace(EventId, "<eventID>", StringComparison.Ordinal)
            .Replace(GeneratedName.Uid(EventId, $"{Namespace}/push-trigger"), "<uid>", StringComparison.Ordinal))!;
    }
}
