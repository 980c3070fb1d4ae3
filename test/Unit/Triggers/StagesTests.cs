using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;
using Hikigane.Triggers;
using Hikigane.Triggers.Interceptors;
using Hikigane.Triggers.Verdicts;

namespace Hikigane.Unit.Triggers;

/// <summary>What the record tells of each stage: when, how long, what it changed, and which trigger it was.</summary>
public sealed class StagesTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private const string Spec = """
        triggers:
        - name: build
          interceptors:
          - {ref: {name: adds, kind: NamespacedInterceptor}}
          - {webhook: {objectRef: {kind: Service, name: old}}}
          - {ref: {name: says, kind: NamespacedInterceptor}}
          bindings: [{name: v, value: $(body.ref)}]
          template: {spec: {params: [{name: v}], resourcetemplates: [{apiVersion: v1, kind: ConfigMap, metadata: {generateName: a-}, data: {v: $(tt.params.v)}}]}}
        """;

    [Fact]
    public async Task A_stage_begins_where_the_one_before_it_ended_and_the_clock_is_looked_at_once_a_stage()
    {
        var ticks = 0;
        var verdict = await DecideAsync(Spec, () => Start.AddMilliseconds(ticks++));

        Assert.Equal(["selector", "interceptor", "interceptor", "interceptor", "bindings", "template"], verdict.Stages.Select(stage => stage.Kind));
        Assert.All(verdict.Stages, stage => Assert.Equal(1, stage.DurationMs));
        Assert.InRange(ticks, 8, 10);
        var stages = DeliveryJson.Of(verdict).Objects("stages").ToList();
        Assert.Null(stages[0].Text("startedAt"));
        Assert.Equal(
            Enumerable.Range(0, 5).Select(n => verdict.StartedAt!.Value.AddMilliseconds(n)),
            stages.Skip(1).Select(stage => DateTimeOffset.Parse(stage.Text("startedAt")!, null)));
        Assert.Equal((5, Start), (CreateVerdict.Timed(CreateVerdict.Created(verdict, []), Start, Start.AddMilliseconds(5)).Stages[^1].DurationMs,
            CreateVerdict.Timed(CreateVerdict.Created(verdict, []), Start, Start.AddMilliseconds(5)).Stages[^1].StartedAt));
    }

    [Fact]
    public async Task Without_a_clock_and_where_it_is_set_back_nothing_breaks()
    {
        Assert.All((await DecideAsync(Spec, null)).Stages, stage => Assert.Null(stage.DurationMs));
        var ticks = 0;
        Assert.All((await DecideAsync(Spec, () => Start.AddSeconds(-ticks++))).Stages, stage => Assert.Equal(0, stage.DurationMs));
    }

    [Fact]
    public async Task What_an_interceptor_adds_and_what_a_webhook_replaces_is_on_record()
    {
        var stages = (await DecideAsync(Spec, null)).Stages;

        Assert.Equal("""{"short":"1f3a"}""", stages[1].Change!.Extensions!.ToJsonString());
        Assert.Equal((null, 64), (stages[1].Change!.In!.Extensions, stages[1].Change!.Out!.Extensions!.Length));
        Assert.Equal("""[{"op":"replace","path":"/ref","value":"main"},{"op":"remove","path":"/n"}]""", stages[2].Change!.Body!.ToJsonString());
        Assert.Equal("""[{"op":"remove","path":"/Content-Type"},{"op":"add","path":"/X-Made","value":"1"}]""", stages[2].Change!.Headers!.ToJsonString());
        Assert.NotEqual(stages[2].Change!.In!.Body, stages[2].Change!.Out!.Body);
        Assert.Null(stages[3].Change);
    }

    [Fact]
    public async Task A_stage_that_says_no_has_its_code_and_those_behind_it_took_no_time()
    {
        var verdict = await DecideAsync(Spec.Replace("name: adds", "name: nope", StringComparison.Ordinal), () => Start);

        Assert.Equal(("FailedPrecondition", 0d), (verdict.Stages[1].Code, verdict.Stages[1].DurationMs));
        Assert.All(verdict.Stages.Skip(2), stage => Assert.Null(stage.DurationMs));
    }

    [Fact]
    public async Task A_trigger_says_which_generation_it_was_and_how_the_listener_came_to_it()
    {
        Assert.Equal(("inline", 7L), Of(await DecideAsync(Spec, null)));
        Assert.Equal(("ref", 3L), Of(await DecideAsync("triggers: [{triggerRef: deploy}]", null)));
        Assert.Equal(("selector", 3L), Of(await DecideAsync("labelSelector: {matchLabels: {app: web}}", null)));
        Assert.Equal(("group(all)", 3L), Of(await DecideAsync("triggerGroups: [{name: all, triggerSelector: {labelSelector: {matchLabels: {app: web}}}}]", null)));

        static (string, long?) Of(TriggerVerdict verdict) => (verdict.Source, verdict.Generation);
    }

    [Fact]
    public void What_is_too_large_for_a_person_is_told_by_its_digests()
    {
        var added = new JsonObject { ["all"] = new string('x', 20_000) };
        var change = StageChanges.Extended(null, added, added);
        Assert.Equal((null, 64), (change.Extensions, change.Out!.Extensions!.Length));
        Assert.Contains("all are too large", change.Note, StringComparison.Ordinal);

        var before = new ChainState { Body = "{}", Headers = EventHeaders.None };
        Assert.Equal("the bodies are not both JSON", StageChanges.Replaced(before, before with { Body = "no" })!.Note);
        Assert.Contains("too large to be compared", StageChanges.Replaced(before, before with { Body = new string('1', 300_000) })!.Note, StringComparison.Ordinal);
        Assert.Null(StageChanges.Replaced(before, before with { Body = "{}" }));
    }

    private static async Task<TriggerVerdict> DecideAsync(string spec, Func<DateTimeOffset>? now)
    {
        var listener = Manifest($"kind: EventListener\nmetadata: {{name: el, namespace: ci, generation: 7}}\nspec:\n  {spec.ReplaceLineEndings("\n  ")}");
        var flow = new TriggerFlow(
            TriggerLookups.Of(
            [
                listener,
                .. new[] { "adds", "says", "nope" }.Select(name => Manifest($"{{kind: Interceptor, metadata: {{name: {name}, namespace: ci}}, spec: {{clientConfig: {{url: 'http://{name}'}}}}}}")),
                Manifest("{kind: Trigger, metadata: {name: deploy, namespace: ci, generation: 3, labels: {app: web}}, spec: {template: {spec: {resourcetemplates: []}}}}"),
            ]),
            new InterceptorPorts
            {
                BuiltIn = _ => null,
                Remote = (address, _, _) => ValueTask.FromResult(address.Name switch
                {
                    "adds" => InterceptorResponse.Pass(new JsonObject { ["short"] = "1f3a" }),
                    "nope" => InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, "no"),
                    _ => InterceptorResponse.Pass(),
                }),
                Webhook = (_, _) => ValueTask.FromResult(new WebhookAnswer("""{"ref":"main"}""", new Dictionary<string, IReadOnlyList<string>> { ["X-Made"] = ["1"] })),
            })
        {
            Now = now,
        };
        var received = new ReceivedEvent
        {
            EventId = "8c1b4f0e-51f5-4a4d-9d7e-2b54d3a1f7aa",
            ListenerNamespace = "ci",
            ListenerName = "el",
            ListenerUid = "u",
            ReceivedAt = Start,
            Method = "POST",
            Path = "/",
            Headers = [new("Content-Type", "application/json")],
            Body = Encoding.UTF8.GetBytes("""{"ref":"fix","n":1}"""),
        };
        return Assert.Single(await flow.DecideAsync(received, listener, TestContext.Current.CancellationToken)).Verdict;
    }

    private static JsonObject Manifest(string yaml) => YamlReader.ReadObject(yaml, out var error) ?? throw new InvalidOperationException(error);
}
