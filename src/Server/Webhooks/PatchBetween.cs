using System.Globalization;
using System.Text.Json.Nodes;

namespace Hikigane.Server.Webhooks;

/// <summary>The JSON patch (RFC 6902) that makes one value of another.</summary>
internal static class PatchBetween
{
    public static JsonArray Of(JsonNode? from, JsonNode? to)
    {
        var patch = new JsonArray();
        Add(patch, "", from, to);
        return patch;
    }

    private static void Add(JsonArray patch, string path, JsonNode? from, JsonNode? to)
    {
        switch (from, to)
        {
            case (JsonObject before, JsonObject after):
                foreach (var (name, value) in before)
                {
                    var at = $"{path}/{Escaped(name)}";
                    if (after.TryGetPropertyValue(name, out var other))
                    {
                        Add(patch, at, value, other);
                    }
                    else
                    {
                        patch.Add((JsonNode)new JsonObject { ["op"] = "remove", ["path"] = at });
                    }
                }

                foreach (var (name, value) in after.Where(pair => !before.ContainsKey(pair.Key)))
                {
                    patch.Add((JsonNode)new JsonObject { ["op"] = "add", ["path"] = $"{path}/{Escaped(name)}", ["value"] = value?.DeepClone() });
                }

                break;
            case (JsonArray before, JsonArray after) when before.Count == after.Count:
                for (var i = 0; i < before.Count; i++)
                {
                    Add(patch, string.Create(CultureInfo.InvariantCulture, $"{path}/{i}"), before[i], after[i]);
                }

                break;
            default:
                if (!JsonNode.DeepEquals(from, to))
                {
                    patch.Add((JsonNode)new JsonObject { ["op"] = "replace", ["path"] = path, ["value"] = to?.DeepClone() });
                }

                break;
        }
    }

    private static string Escaped(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
