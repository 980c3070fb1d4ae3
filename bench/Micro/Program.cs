using System.Text.Json.Nodes;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Expressions.GoJson;
using Hikigane.Expressions.JsonPath;
using Hikigane.Micro;
using Hikigane.Resources.Deliveries;
using Hikigane.Triggers;
using Hikigane.Triggers.Bindings;
using Hikigane.Triggers.Interceptors;
using Hikigane.Triggers.Templates;

// What one event costs the pure parts: expressions, bindings, templates, and the flow with one and with a thousand triggers.
using var stream = typeof(Measured).Assembly.GetManifestResourceStream("push.json")!;
using var copy = new MemoryStream();
stream.CopyTo(copy);
var body = copy.ToArray();

Console.WriteLine($"{Environment.ProcessorCount} processors, .NET {Environment.Version}, payload of {body.Length:N0} bytes");
Console.WriteLine("| What | Processor time | Allocated |");
Console.WriteLine("|---|---|---|");

string[] filters =
[
    "body.ref == 'refs/heads/main'",
    "header.match('X-GitHub-Event', 'push') && body.ref.startsWith('refs/heads/') && !body.deleted",
    "body.commits.exists(c, c.modified.exists(f, f.startsWith('src/'))) && body.repository.full_name in ['acme/api', 'acme/web']",
];
var variables = new Dictionary<string, CelValue>
{
    ["body"] = CelJson.ReadObject(body).Map!,
    ["header"] = new MapValue(new Dictionary<string, CelValue> { ["X-Github-Event"] = new ListValue([new StringValue("push")]) }),
    ["extensions"] = MapValue.Empty,
    ["requestURL"] = new StringValue("/"),
};
foreach (var filter in filters)
{
    Measured.Report($"compile `{filter}`", () => CelProgram.Compile(filter, CelInterceptor.Environment));
}

foreach (var filter in filters)
{
    var program = CelProgram.Compile(filter, CelInterceptor.Environment).Program!;
    Measured.Report($"evaluate `{filter}`", () => program.Evaluate(variables));
}

Measured.Report("check that the payload is JSON", () => GoJsonReader.CheckObject(body));
Measured.Report("read the payload for CEL", () => CelJson.ReadObject(body));
Measured.Report("read the payload for bindings", () => GoJsonReader.ReadObject(body));
var root = new JsonObject { ["body"] = GoJsonReader.ReadObject(body).Node };
var path = JsonPathExpression.ParseRelaxed("body.head_commit.id");
Measured.Report("`$(body.head_commit.id)`", () => path.EvaluateToText(root));
var spec = (JsonObject)Flow.Trigger(1, "true")["template"]!["spec"]!;
var templates = ResourceTemplates.OfSpec(spec);
var values = new Dictionary<string, string> { ["rev"] = "1f3ac09", ["url"] = "https://github.com/acme/api.git", ["who"] = "by aiko" };
Measured.Report("render a template", () => templates.Render(0, values, "uid"));
var rendered = templates.Render(0, values, "uid");
Measured.Report("read and label what was rendered", () => RenderedObject.Read(rendered, 0, new RenderContext("bench", "default", "t1", "00000000-0000-4000-8000-000000000000")));
var bindings = BindingParams.Gather((JsonObject)Flow.Trigger(1, "true"), "default", TriggerLookups.Of([])).Params;
var payload = EventPayload.Read(body, EventHeaders.None, null, "id").Payload!;
Measured.Report("3 bindings", () => ParamValues.Resolve(bindings, templates.Params, payload));
Measured.Report("an event, one trigger that fires: filter, 3 bindings, template", Flow.Of(1, "body.ref == 'refs/heads/main'", body));
Measured.Report("an event, one trigger that does not: filter, explained", Flow.Of(1, "body.ref == 'refs/heads/none'", body));
Measured.Report("an event, 1,000 triggers that do not", Flow.Of(1_000, "body.ref == 'refs/heads/NUMBER'", body));
Measured.Report("an event, 1,000 triggers, 10 of them fire", Flow.Of(1_000, "body.ref == 'refs/heads/main' && 'NUMBER'.endsWith('00')", body));

/// <summary>The flow of the listener over objects at hand.</summary>
internal static class Flow
{
    /// <summary>An operation that decides one event. NUMBER in the filter is the number of the trigger.</summary>
    public static Action Of(int count, string filter, byte[] body)
    {
        var listener = (JsonObject)JsonNode.Parse("""{"kind":"EventListener","metadata":{"name":"bench","namespace":"default"}}""")!;
        listener["spec"] = new JsonObject { ["triggers"] = new JsonArray([.. Enumerable.Range(0, count).Select(number => Trigger(number, filter))]) };
        var cel = (JsonObject)JsonNode.Parse(
            """{"kind":"ClusterInterceptor","metadata":{"name":"cel"},"spec":{"clientConfig":{"service":{"name":"tekton-triggers-core-interceptors"}}}}""")!;
        var flow = new TriggerFlow(TriggerLookups.Of([cel]), new InterceptorPorts
        {
            BuiltIn = _ => (request, cancellationToken) => CelInterceptor.InterceptAsync(request, (key, _) => ValueTask.FromResult(SecretValue.From(null, key)), cancellationToken),
            Remote = (_, _, _) => throw new InterceptorException("not asked"),
            Webhook = (_, _) => throw new InterceptorException("not asked"),
        })
        {
            Now = TimeProvider.System.GetUtcNow,
        };
        return () =>
        {
            var received = new ReceivedEvent
            {
                EventId = "00000000-0000-4000-8000-000000000000",
                ListenerNamespace = "default",
                ListenerName = "bench",
                ListenerUid = "",
                ReceivedAt = DateTimeOffset.UnixEpoch,
                Method = "POST",
                Path = "/",
                Headers = [KeyValuePair.Create("Content-Type", "application/json"), KeyValuePair.Create("X-GitHub-Event", "push")],
                Body = body,
            };
            var decisions = flow.DecideAsync(received, listener, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            if (decisions.Count != count)
            {
                throw new InvalidOperationException($"{decisions.Count} decisions");
            }
        };
    }

    public static JsonNode Trigger(int number, string filter)
    {
        var trigger = JsonNode.Parse("""
            {
              "interceptors": [{"ref": {"name": "cel"}, "params": [{"name": "filter"}]}],
              "bindings": [{"name": "rev", "value": "$(body.head_commit.id)"}, {"name": "url", "value": "$(body.repository.clone_url)"}, {"name": "who", "value": "by $(body.pusher.name)"}],
              "template": {"spec": {
                "params": [{"name": "rev"}, {"name": "url"}, {"name": "who"}],
                "resourcetemplates": [{"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": {"generateName": "build-", "annotations": {"who": "$(tt.params.who)"}},
                  "spec": {"pipelineRef": {"name": "build"}, "params": [{"name": "rev", "value": "$(tt.params.rev)"}, {"name": "url", "value": "$(tt.params.url)"}]}}]}}
            }
            """)!;
        trigger["name"] = $"t{number}";
        trigger["interceptors"]![0]!["params"]![0]!["value"] = filter.Replace("NUMBER", $"{number}", StringComparison.Ordinal);
        return trigger;
    }
}
