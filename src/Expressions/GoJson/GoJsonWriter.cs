using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.Expressions.GoJson;

/// <summary>
/// <see cref="JsonNode"/> → JSON text as Go's <c>encoding/json</c> spells it: keys sorted, numbers as float64 prints them,
/// <c>&lt; &gt; &amp;</c> and the two line separators escaped, everything else verbatim.
/// </summary>
public static class GoJsonWriter
{
    private static readonly string Controls = string.Concat(Enumerable.Range(0, 0x20).Select(control => (char)control)) + "\"\\\u2028\u2029";
    private static readonly string Surrogates = string.Concat(Enumerable.Range(0xD800, 0x800).Select(unit => (char)unit));
    private static readonly SearchValues<char> NeedsLookPlain = SearchValues.Create(Controls + Surrogates);
    private static readonly SearchValues<char> NeedsLook = SearchValues.Create(Controls + Surrogates + "<>&");

    /// <summary>The compact text of a value.</summary>
    public static string Write(JsonNode? node, bool escapeHtml = true, bool sortKeys = true)
    {
        var text = new StringBuilder();
        Append(text, node, escapeHtml, sortKeys);
        return text.ToString();
    }

    /// <summary>A string with its quotes.</summary>
    public static string Quote(string value, bool escapeHtml = true)
    {
        var text = new StringBuilder(value.Length + 2);
        AppendText(text, value, escapeHtml);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonNode? node, bool escapeHtml, bool sortKeys)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject members:
                var separator = '{';
                foreach (var (key, value) in sortKeys ? Sorted(members) : members)
                {
                    text.Append(separator);
                    AppendText(text, key, escapeHtml);
                    text.Append(':');
                    Append(text, value, escapeHtml, sortKeys);
                    separator = ',';
                }

                text.Append(separator == '{' ? "{}" : "}");
                break;
            case JsonArray items:
                text.Append('[');
                for (var i = 0; i < items.Count; i++)
                {
                    text.Append(i == 0 ? "" : ",");
                    Append(text, items[i], escapeHtml, sortKeys);
                }

                text.Append(']');
                break;
            default:
                AppendScalar(text, node, escapeHtml);
                break;
        }
    }

    /// <summary>Members in the order of their keys' UTF-8 bytes, which is the order of Go's maps in JSON.</summary>
    private static IEnumerable<KeyValuePair<string, JsonNode?>> Sorted(JsonObject members) =>
        members.Count < 2 ? members : members.OrderBy(pair => pair.Key, StringComparer.Ordinal);

    private static void AppendScalar(StringBuilder text, JsonNode node, bool escapeHtml)
    {
        var value = (JsonValue)node;
        switch (value.GetValueKind())
        {
            case JsonValueKind.String:
                AppendText(text, value.GetValue<string>(), escapeHtml);
                break;
            case JsonValueKind.Number when value.ToJsonString() == "-0":
                text.Append("-0");
                break;
            case JsonValueKind.Number when value.TryGetValue<long>(out var whole):
                text.Append(whole.ToString(CultureInfo.InvariantCulture));
                break;
            case JsonValueKind.Number when value.TryGetValue<int>(out var small):
                text.Append(small.ToString(CultureInfo.InvariantCulture));
                break;
            case JsonValueKind.Number when value.TryGetValue<double>(out var number):
                text.Append(GoNumber.Json(number));
                break;
            default:
                text.Append(value.ToJsonString());
                break;
        }
    }

    /// <summary>A string with its quotes; half of a surrogate pair is written as Go writes a byte that is no UTF-8.</summary>
    internal static void AppendText(StringBuilder text, string value, bool escapeHtml)
    {
        text.Append('"');
        var rest = value.AsSpan();
        while (rest.IndexOfAny(escapeHtml ? NeedsLook : NeedsLookPlain) is var at && at >= 0)
        {
            text.Append(rest[..at]);
            if (at + 1 < rest.Length && char.IsSurrogatePair(rest[at], rest[at + 1]))
            {
                text.Append(rest.Slice(at, 2));
                rest = rest[(at + 2)..];
                continue;
            }

            _ = rest[at] switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                var half when char.IsSurrogate(half) => text.Append("\\ufffd"),
                var other => text.Append("\\u").Append(((int)other).ToString("x4", CultureInfo.InvariantCulture)),
            };
            rest = rest[(at + 1)..];
        }

        text.Append(rest).Append('"');
    }
}
