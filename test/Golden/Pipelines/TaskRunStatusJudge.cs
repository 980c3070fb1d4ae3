using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Golden.Pipelines;

/// <summary>A TaskRun and a script of pod states and user actions → conditions, status, pods, events.</summary>
internal static class TaskRunStatusJudge
{
    public static Task<string?> JudgeAsync(JsonObject recorded)
    {
        var input = recorded.Object("input")!;
        var want = recorded.Object("want")!.Copy();
        var simulation = new TaskRunSimulation(input);
        simulation.Settle();
        var after = new JsonArray(simulation.Condition());
        foreach (var action in input.Objects("script"))
        {
            simulation.Act(action);
            simulation.Settle();
            after.Add((JsonNode?)simulation.Condition());
        }

        var got = new JsonObject
        {
            ["after"] = after,
            ["status"] = simulation.Run["status"]?.DeepClone(),
            ["labels"] = simulation.Run.At("metadata", "labels")?.DeepClone(),
            ["annotations"] = PodNormalisation.Metadata(simulation.Run.Object("metadata")!)["annotations"]?.DeepClone(),
            ["pods"] = new JsonArray([.. simulation.History.Select(Pod)]),
            ["events"] = new JsonArray([.. simulation.Events.Select(one => JsonNode.Parse(one)!)]),
            ["reasons"] = new JsonArray([.. simulation.Reasons.Select(reason => (JsonNode)reason)]),
        };
        foreach (var optional in new[] { "events", "reasons", "status", "labels", "annotations", "pods" }.Where(field => !want.ContainsKey(field)))
        {
            got.Remove(optional);
        }

        // Names of requests are judged by the run that finds them again.
        want.Remove("resolutionRequests");
        if (want["events"] is JsonArray events)
        {
            want["events"] = new JsonArray([.. events.Select(one => one!.ToJsonString()).Distinct().Order(StringComparer.Ordinal).Select(one => JsonNode.Parse(one)!)]);
            got["events"] = new JsonArray([.. simulation.Events.Order(StringComparer.Ordinal).Select(one => JsonNode.Parse(one)!)]);
        }

        return Task.FromResult(JsonDiff.Explain(want, PodNormalisation.Texts(got)));
    }

    private static JsonNode Pod((JsonObject Pod, JsonObject Seen) one)
    {
        var shown = one.Seen.Copy();
        shown["name"] = one.Pod.Name();
        foreach (var annotation in new[] { "tekton.dev/ready", "tekton.dev/cancel" })
        {
            if (one.Pod.Annotation(annotation) is { } value)
            {
                shown[annotation] = value;
            }
        }

        return shown;
    }
}
