using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>Replaces params in a run's pod template: in all its texts, and in the keys of <c>nodeSelector</c>.</summary>
internal static class PodTemplateVariables
{
    public static void Apply(JsonObject template, Replacements replacements)
    {
        if (template.Object("nodeSelector") is { } selector)
        {
            template["nodeSelector"] = new JsonObject(selector.Select(pair =>
                KeyValuePair.Create(Substitution.Apply(pair.Key, replacements.Strings), pair.Value?.DeepClone())));
        }

        ApplyInside(template, replacements);
    }

    private static void ApplyInside(JsonNode? node, Replacements replacements)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var key in map.Select(pair => pair.Key).ToList())
                {
                    map.ReplaceText(replacements, key);
                    ApplyInside(map[key], replacements);
                }

                break;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                {
                    if (list[i] is JsonValue value && value.GetValueKind() == JsonValueKind.String)
                    {
                        list[i] = Substitution.Apply(value.GetValue<string>(), replacements.Strings);
                    }
                    else
                    {
                        ApplyInside(list[i], replacements);
                    }
                }

                break;
        }
    }
}
