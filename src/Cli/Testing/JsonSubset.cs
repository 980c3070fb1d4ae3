using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;

namespace Hikigane.Cli.Testing;

/// <summary>Whether an object has everything that is expected of it. Members that are not named may be anything; lists are compared item by item.</summary>
internal static class JsonSubset
{
    /// <summary>What differs, a line each; empty when everything is there.</summary>
    public static IEnumerable<string> Differences(JsonNode? expected, JsonNode? actual, string path)
    {
        switch (expected, actual)
        {
            case (JsonObject wanted, JsonObject found):
                return wanted.SelectMany(pair => pair.Value is null || found.ContainsKey(pair.Key)
                    ? Differences(pair.Value, found[pair.Key], $"{path}.{pair.Key}")
                    : [$"{path}.{pair.Key}: is missing, expected {Shown(pair.Value)}"]);
            case (JsonArray wanted, JsonArray found) when wanted.Count == found.Count:
                return wanted.SelectMany((item, index) => Differences(item, found[index], $"{path}[{index}]"));
            case (JsonArray wanted, JsonArray found):
                return [$"{path}: expected {wanted.Count} items, got {found.Count}: {Shown(found)}"];
            default:
                return GoJsonWriter.Write(expected) == GoJsonWriter.Write(actual) ? [] : [$"{path}: expected {Shown(expected)}, got {Shown(actual)}"];
        }
    }

    private static string Shown(JsonNode? node)
    {
        var text = GoJsonWriter.Write(node, escapeHtml: false);
        return text.Length <= 200 ? text : text[..200] + "…";
    }
}
