using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Server.Previews;

namespace Hikigane.Cli.Testing;

/// <summary>What became of a case, and what of it was not expected, a line each.</summary>
internal sealed record TriggerCaseResult(TriggerCase Case, PreviewedDelivery Decided, IReadOnlyList<string> Differences)
{
    public bool HasPassed => Differences.Count == 0;

    public static TriggerCaseResult Of(TriggerCase one, PreviewedDelivery decided) => new(one, decided, [.. Check(one, decided)]);

    private static IEnumerable<string> Check(TriggerCase one, PreviewedDelivery decided)
    {
        var outcome = TriggerCase.Plain(decided.Delivery.Outcome.ToString());
        if (one.Outcome.Length > 0 && one.Outcome != outcome)
        {
            yield return $"outcome: expected {one.Outcome}, got {outcome}";
        }

        foreach (var (name, expected) in one.Triggers)
        {
            var found = decided.Triggers.FirstOrDefault(trigger => trigger.Verdict.Name == name);
            foreach (var difference in found is null ? [$"triggers.{name}: the event is not seen by a trigger of this name"] : CheckTrigger(name, (JsonObject)expected!, found))
            {
                yield return difference;
            }
        }

        if (one.Objects is null)
        {
            yield break;
        }

        var objects = new JsonArray([.. decided.Triggers.SelectMany(trigger => trigger.Objects).Select(JsonNode (manifest) => manifest.DeepClone())]);
        foreach (var difference in JsonSubset.Differences(one.Objects, objects, "objects"))
        {
            yield return difference;
        }
    }

    private static IEnumerable<string> CheckTrigger(string name, JsonObject expected, PreviewedTrigger found)
    {
        var verdict = found.Verdict;
        var outcome = TriggerCase.Plain(verdict.Outcome.ToString());
        if (expected.Text("outcome") is { } wanted && TriggerCase.Plain(wanted) != outcome)
        {
            yield return $"triggers.{name}.outcome: expected {TriggerCase.Plain(wanted)}, got {outcome}{(verdict.Message.Length > 0 ? $": {verdict.Message}" : "")}";
        }

        if (expected.Text("cause") is { } cause && cause != verdict.Cause)
        {
            yield return $"triggers.{name}.cause: expected {cause}, got {verdict.Cause}";
        }

        if (expected.Text("message") is { } message && !verdict.Message.Contains(message, StringComparison.Ordinal))
        {
            yield return $"triggers.{name}.message: expected \"{message}\" in \"{verdict.Message}\"";
        }

        var values = new JsonObject(verdict.Params.Select(param => KeyValuePair.Create(param.Name, (JsonNode?)param.Value)));
        foreach (var difference in JsonSubset.Differences(expected.Object("params") ?? [], values, $"triggers.{name}.params"))
        {
            yield return difference;
        }
    }
}
