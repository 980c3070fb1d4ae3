using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Pods;

/// <summary>
/// Strategic merge of a step over the <c>stepTemplate</c>, and of resource requirements over a step's. As tektoncd/pipeline
/// pkg/apis/pipeline/v1/merge.go, which uses Kubernetes' strategic merge patch for containers.
/// </summary>
internal static class StepTemplateMerge
{
    private static readonly string[] Atomic = ["image", "command", "args", "workingDir", "envFrom", "imagePullPolicy"];

    /// <summary>The step with what it leaves open taken from the template.</summary>
    public static JsonObject Merge(JsonObject template, JsonObject step)
    {
        var merged = step.Copy();
        foreach (var field in Atomic)
        {
            if (IsEmpty(merged[field]) && !IsEmpty(template[field]))
            {
                merged[field] = template[field]!.DeepClone();
            }
        }

        foreach (var (field, key) in new[] { ("env", "name"), ("volumeMounts", "mountPath"), ("volumeDevices", "devicePath") })
        {
            if (!IsEmpty(template[field]))
            {
                merged[field] = MergeLists(template.Objects(field).ToList(), step.Objects(field).ToList(), key);
            }
        }

        foreach (var field in new[] { "computeResources", "securityContext" })
        {
            if (template[field] is JsonObject below)
            {
                merged[field] = MergeObjects(below, merged[field] as JsonObject ?? []);
            }
        }

        return merged;
    }

    /// <summary>Members of the upper object over those of the lower one, objects key by key, lists as a whole.</summary>
    public static JsonObject MergeObjects(JsonObject below, JsonObject above)
    {
        var merged = below.Copy();
        foreach (var (key, value) in above)
        {
            merged[key] = value is JsonObject upper && merged[key] is JsonObject lower ? MergeObjects(lower, upper) : value?.DeepClone();
        }

        return merged;
    }

    /// <summary>
    /// Elements with the same key become one, the step's order counts, and an element of the template alone keeps its place before the
    /// elements that followed it there. As apimachinery strategicpatch mergeSortedSlice.
    /// </summary>
    private static JsonArray MergeLists(List<JsonObject> template, List<JsonObject> step, string key)
    {
        var order = template.Select(item => item.Text(key)).ToList();
        var stepKeys = step.Select(item => item.Text(key)).ToHashSet();
        var left = new Queue<JsonObject>(template.Where(item => !stepKeys.Contains(item.Text(key))));
        var right = new Queue<JsonObject>(step);
        var merged = new JsonArray();
        while (left.Count + right.Count > 0)
        {
            var takesLeft = right.Count == 0
                || (left.Count > 0 && order.IndexOf(right.Peek().Text(key)) is var there and >= 0 && order.IndexOf(left.Peek().Text(key)) < there);
            merged.Add((JsonNode?)(takesLeft ? left.Dequeue().Copy() : Combined(right.Dequeue(), template, key)));
        }

        return merged;
    }

    private static JsonObject Combined(JsonObject item, List<JsonObject> template, string key)
    {
        var below = template.FirstOrDefault(other => other.Text(key) == item.Text(key));
        if (below is null)
        {
            return item.Copy();
        }

        // A literal value and a source exclude each other: the step's wins.
        var lower = below.Copy();
        if (item.ContainsKey("value") || item.ContainsKey("valueFrom"))
        {
            lower.Remove("value");
            lower.Remove("valueFrom");
        }

        return MergeObjects(lower, item);
    }

    private static bool IsEmpty(JsonNode? node) => node switch
    {
        null => true,
        JsonArray list => list.Count == 0,
        JsonObject map => map.Count == 0,
        _ => node.ToString().Length == 0,
    };
}
