using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.Resources.Yaml;

/// <summary>JSON → YAML as kubectl prints it: block style, two spaces, lists not indented under their key, quotes where a reader needs them.</summary>
public static class YamlWriter
{
    /// <summary>Writes a value; ends with a line feed.</summary>
    public static string Write(JsonNode? node)
    {
        var text = new StringBuilder();
        Append(text, node, 0, isInline: false);
        return text.ToString();
    }

    /// <summary>Writes several documents with <c>---</c> between them.</summary>
    public static string WriteAll(IEnumerable<JsonNode?> documents) => string.Join("---\n", documents.Select(Write));

    /// <param name="isInline">The caller has already indented the first line (after <c>- </c>).</param>
    private static void Append(StringBuilder text, JsonNode? node, int indent, bool isInline)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                foreach (var (key, value) in members)
                {
                    text.Append(' ', isInline ? 0 : indent).Append(Scalar(key)).Append(':');
                    isInline = false;
                    AppendMember(text, value, indent);
                }

                break;
            case JsonArray { Count: > 0 } items:
                foreach (var item in items)
                {
                    text.Append(' ', isInline ? 0 : indent).Append("- ");
                    isInline = false;
                    Append(text, item, indent + 2, isInline: true);
                }

                break;
            default:
                text.Append(' ', isInline ? 0 : indent);
                AppendLeaf(text, node, indent);
                break;
        }
    }

    private static void AppendMember(StringBuilder text, JsonNode? value, int indent)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 }:
                text.Append('\n');
                Append(text, value, indent + 2, isInline: false);
                break;
            case JsonArray { Count: > 0 }:
                text.Append('\n');
                Append(text, value, indent, isInline: false);
                break;
            default:
                text.Append(' ');
                AppendLeaf(text, value, indent + 2);
                break;
        }
    }

    private static void AppendLeaf(StringBuilder text, JsonNode? node, int indent)
    {
        var leaf = node switch
        {
            null => "null",
            JsonObject => "{}",
            JsonArray => "[]",
            JsonValue value when value.GetValueKind() == JsonValueKind.String => null,
            _ => node.ToJsonString(),
        };
        if (leaf is null)
        {
            var content = node!.GetValue<string>();
            if (IsBlock(content))
            {
                AppendBlock(text, content, indent);
                return;
            }

            leaf = Scalar(content);
        }

        text.Append(leaf).Append('\n');
    }

    private static bool IsBlock(string content) =>
        content.Contains('\n', StringComparison.Ordinal)
        && content.TrimEnd('\n').Length > 0
        && !content.StartsWith(' ') && !content.StartsWith('\n') && !content.StartsWith('\t')
        && content.All(character => character == '\n' || character == '\t' || !NeedsEscape(character));

    private static void AppendBlock(StringBuilder text, string content, int indent)
    {
        var trailing = content.Length - content.TrimEnd('\n').Length;
        text.Append(trailing switch { 0 => "|-", 1 => "|", _ => "|+" }).Append('\n');
        // Two spaces at least: the text of a block cannot start at the left edge.
        var padding = Math.Max(indent, 2);
        foreach (var line in (trailing == 0 ? content : content[..^1]).Split('\n'))
        {
            text.Append(' ', line.Length == 0 ? 0 : padding).Append(line).Append('\n');
        }
    }

    private static string Scalar(string content)
    {
        if (content.Any(NeedsEscape))
        {
            return DoubleQuoted(content);
        }

        return IsPlain(content) ? content : $"'{content.Replace("'", "''", StringComparison.Ordinal)}'";
    }

    private static bool IsPlain(string content) =>
        content.Length > 0
        && !YamlScalar.IsSpecial(content)
        && !char.IsWhiteSpace(content[0]) && !char.IsWhiteSpace(content[^1])
        && !"-?:,[]{}#&*!|>'\"%@`=<".Contains(content[0], StringComparison.Ordinal)
        && !content.EndsWith(':')
        && !content.Contains(": ", StringComparison.Ordinal)
        && !content.Contains(" #", StringComparison.Ordinal)
        && content is not ("---" or "...");

    private static bool NeedsEscape(char character) =>
        char.IsControl(character) || char.IsSurrogate(character) || character is '\u2028' or '\u2029' or '\uFEFF' or '\u00A0';

    private static string DoubleQuoted(string content)
    {
        var text = new StringBuilder("\"");
        for (var i = 0; i < content.Length; i++)
        {
            var character = content[i];
            var isPair = char.IsHighSurrogate(character) && i + 1 < content.Length && char.IsLowSurrogate(content[i + 1]);
            _ = character switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                _ when isPair => text.Append(character).Append(content[++i]),
                _ when NeedsEscape(character) => text.Append("\\u").Append(((int)character).ToString("x4")),
                _ => text.Append(character),
            };
        }

        return text.Append('"').ToString();
    }
}
