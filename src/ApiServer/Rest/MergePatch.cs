using System.Text.Json.Nodes;

namespace Hikigane.ApiServer.Rest;

/// <summary>RFC 7396: null deletes, objects merge, the rest replaces. Changes the target in place.</summary>
internal static class MergePatch
{
    public static JsonNode Apply(JsonNode? target, JsonObject patch)
    {
        var result = target as JsonObject ?? [];
        foreach (var (name, value) in patch)
        {
            switch (value)
            {
                case null:
                    result.Remove(name);
                    break;
                case JsonObject inner when result[name] is JsonObject existing:
                    Apply(existing, inner);
                    break;
                case JsonObject inner:
                    result[name] = Apply(null, inner);
                    break;
                default:
                    result[name] = value.DeepClone();
                    break;
            }
        }

        return result;
    }
}
