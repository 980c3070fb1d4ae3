using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.ApiServer.Tables;

/// <summary>
/// The JSONPath of a printer column: fields, indexes, quoted names, <c>[*]</c> and filters such as
/// <c>.status.conditions[?(@.type=="Ready")].status</c>. Finds nothing where anything is missing.
/// </summary>
internal static class PrinterPath
{
    /// <summary>The first value that a path finds, or null.</summary>
    public static JsonNode? First(JsonNode? root, string path) => Find(root, path).FirstOrDefault();

    private static List<JsonNode> Find(JsonNode? root, string path)
    {
        List<JsonNode> found = root is null ? [] : [root];
        var at = 0;
        while (at < path.Length && found.Count > 0)
        {
            if (path[at] is '.' or '{' or '}' or '$')
            {
                at++;
            }
            else if (path[at] == '[')
            {
                var end = EndOfBrackets(path, at);
                found = Select(found, path[(at + 1)..end].Trim());
                at = end + 1;
            }
            else
            {
                var name = Name(path, ref at);
                found = [.. found.SelectMany(node => name == "*" ? Children(node) : Child(node, name))];
            }
        }

        return found;
    }

    private static string Name(string path, ref int at)
    {
        var name = "";
        while (at < path.Length && path[at] is not ('.' or '[' or '}'))
        {
            // A backslash keeps a dot in a name: .metadata.annotations.tekton\.dev/x
            at += path[at] == '\\' && at + 1 < path.Length ? 1 : 0;
            name += path[at++];
        }

        return name;
    }

    private static int EndOfBrackets(string path, int start)
    {
        var quote = '\0';
        for (var i = start + 1; i < path.Length; i++)
        {
            if (quote != '\0')
            {
                quote = path[i] == quote ? '\0' : quote;
            }
            else if (path[i] is '"' or '\'')
            {
                quote = path[i];
            }
            else if (path[i] == ']')
            {
                return i;
            }
        }

        return path.Length - 1;
    }

    private static List<JsonNode> Select(List<JsonNode> nodes, string selector)
    {
        if (selector.StartsWith("?(", StringComparison.Ordinal))
        {
            var condition = selector[2..].TrimEnd(')').Trim();
            return [.. nodes.SelectMany(Children).Where(item => Holds(item, condition))];
        }

        if (selector == "*")
        {
            return [.. nodes.SelectMany(Children)];
        }

        if (int.TryParse(selector, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
        {
            return [.. nodes.OfType<JsonArray>().Select(list => list.ElementAtOrDefault(index < 0 ? list.Count + index : index)).OfType<JsonNode>()];
        }

        return [.. nodes.SelectMany(node => Child(node, selector.Trim('"', '\'')))];
    }

    private static bool Holds(JsonNode item, string condition)
    {
        var isNegated = condition.Contains("!=", StringComparison.Ordinal);
        var parts = condition.Split(isNegated ? "!=" : "==", 2);
        var value = First(item, parts[0].Trim().TrimStart('@'));
        if (parts.Length == 1)
        {
            return value is not null;
        }

        var wanted = parts[1].Trim().Trim('"', '\'');
        return (value is not null && Text(value) == wanted) != isNegated;
    }

    /// <summary>A value as text: strings bare, the rest as JSON.</summary>
    public static string Text(JsonNode value) =>
        value is JsonValue scalar && scalar.GetValueKind() == JsonValueKind.String ? scalar.GetValue<string>() : value.ToJsonString();

    private static IEnumerable<JsonNode> Child(JsonNode node, string name) => (node as JsonObject)?[name] is { } child ? [child] : [];

    private static IEnumerable<JsonNode> Children(JsonNode node) => node switch
    {
        JsonArray list => list.OfType<JsonNode>(),
        JsonObject map => map.Select(pair => pair.Value).OfType<JsonNode>(),
        _ => [],
    };
}
