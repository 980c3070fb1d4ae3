using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Resources.Pipelines;

/// <summary>Merges pod templates. As tektoncd/pipeline pkg/apis/pipeline/pod/template.go.</summary>
public static class PodTemplates
{
    /// <summary>The template with every field it lacks taken from the defaults; <c>env</c> and <c>volumes</c> are merged by name, the template winning.</summary>
    public static JsonObject Merge(JsonObject? template, JsonObject defaults)
    {
        var merged = template?.Copy() ?? [];
        foreach (var (field, value) in defaults)
        {
            if (field is "env" or "volumes" && merged[field] is JsonArray given)
            {
                merged[field] = ByName(given, value as JsonArray ?? []);
            }
            else if (merged[field] is null)
            {
                merged[field] = value?.DeepClone();
            }
        }

        return merged;
    }

    private static JsonArray ByName(JsonArray given, JsonArray defaults)
    {
        var names = given.OfType<JsonObject>().Select(item => item.Text("name")).ToHashSet();
        return
        [
            .. defaults.OfType<JsonObject>().Where(item => !names.Contains(item.Text("name"))).Select(item => item.DeepClone()),
            .. given.Select(item => item?.DeepClone()),
        ];
    }
}
