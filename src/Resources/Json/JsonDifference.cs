using System.Text.Json.Nodes;

namespace Hikigane.Resources.Json;

/// <summary>How one JSON value becomes another: a JSON patch (RFC 6902) of <c>add</c>, <c>remove</c> and <c>replace</c>, member by member, item by item.</summary>
public static class JsonDifference
{
    public static JsonArray Patch(JsonNode? before, JsonNode? after)
    {
        var patch = new JsonArray();
        Compare("", before, after, patch);
        return patch;
    }

    /// <summary>A name as one step of a JSON pointer (RFC 6901).</summary>
    public static string Step(string name) => "/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>The names in a JSON pointer.</summary>
    public static string[] Steps(string pointer) => pointer.Length == 0 ? [] : [.. pointer[1..].Split('/')
        .Select(step => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];

    private static void Compare(string path, JsonNode? before, JsonNode? after, JsonArray patch)
    {
        switch (before, after)
        {
            case (JsonObject left, JsonObject right):
                Compare(path, left, right, patch);
                break;
            case (JsonArray left, JsonArray right):
                Compare(path, left, right, patch);
                break;
            default:
                if (!JsonNode.DeepEquals(before, after))
                {
                    patch.Add((JsonNode)Operation("replace", path, after));
                }

                break;
        }
    }

    private static void Compare(string path, JsonObject before, JsonObject after, JsonArray patch)
    {
        foreach (var (name, old) in before)
        {
            if (after.TryGetPropertyValue(name, out var next))
            {
                Compare(path + Step(name), old, next, patch);
            }
            else
            {
                patch.Add((JsonNode)new JsonObject { ["op"] = "remove", ["path"] = path + Step(name) });
            }
        }

        foreach (var (name, next) in after)
        {
            if (!before.ContainsKey(name))
            {
                patch.Add((JsonNode)Operation("add", path + Step(name), next));
            }
        }
    }

    /// <summary>What both begin with and end with stays; between that, items are compared in their order.</summary>
    private static void Compare(string path, JsonArray before, JsonArray after, JsonArray patch)
    {
        var start = 0;
        while (start < before.Count && start < after.Count && JsonNode.DeepEquals(before[start], after[start]))
        {
            start++;
        }

        var end = 0;
        while (end < before.Count - start && end < after.Count - start && JsonNode.DeepEquals(before[^(end + 1)], after[^(end + 1)]))
        {
            end++;
        }

        var (left, right) = (before.Count - end, after.Count - end);
        for (var i = start; i < Math.Min(left, right); i++)
        {
            Compare($"{path}/{i}", before[i], after[i], patch);
        }

        for (var i = left - 1; i >= right; i--)
        {
            patch.Add((JsonNode)new JsonObject { ["op"] = "remove", ["path"] = $"{path}/{i}" });
        }

        for (var i = left; i < right; i++)
        {
            patch.Add((JsonNode)Operation("add", $"{path}/{i}", after[i]));
        }
    }

    private static JsonObject Operation(string op, string path, JsonNode? value) => new() { ["op"] = op, ["path"] = path, ["value"] = value?.DeepClone() };
}
