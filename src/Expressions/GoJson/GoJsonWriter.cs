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

    /// <summary>A number as Go prints a float64 in JSON: plain between 1e-6 and 1e21, with an exponent elsewhere.</summary>
    public static string Number(double number)
    {
        if (number == 0)
        {
            return double.IsNegative(number) ? "-0" : "0";
        }

        var (digits, exponent) = Decompose(number.ToString("R", CultureInfo.InvariantCulture));
        var sign = number < 0 ? "-" : "";
        var magnitude = Math.Abs(number);
        if (magnitude is < 1e-6 or >= 1e21)
        {
            var mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
            // Go writes at least two digits of exponent and JSON then drops the leading zero of negative ones.
            var power = Math.Abs(exponent).ToString(exponent < 0 ? "0" : "00", CultureInfo.InvariantCulture);
            return $"{sign}{mantissa}e{(exponent < 0 ? "-" : "+")}{power}";
        }

        return sign + (exponent < 0
            ? "0." + new string('0', -exponent - 1) + digits
            : digits.Length <= exponent + 1
                ? digits.PadRight(exponent + 1, '0')
                : $"{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}");
    }

    /// <summary>The significant digits, without zeros at either end, and the power of ten of the first one.</summary>
    private static (string Digits, int Exponent) Decompose(string spelled)
    {
        spelled = spelled.TrimStart('-');
        var exponent = 0;
        var mark = spelled.IndexOf('E', StringComparison.Ordinal);
        if (mark >= 0)
        {
            exponent = int.Parse(spelled[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            spelled = spelled[..mark];
        }

        var point = spelled.IndexOf('.', StringComparison.Ordinal);
        exponent += (point < 0 ? spelled.Length : point) - 1;
        var digits = spelled.Replace(".", "", StringComparison.Ordinal);
        var leading = digits.Length - digits.TrimStart('0').Length;
        return (digits.Trim('0'), exponent - leading);
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
                text.Append(Number(number));
                break;
            default:
                text.Append(value.ToJsonString());
                break;
        }
    }

    private static void AppendText(StringBuilder text, string value, bool escapeHtml)
    {
        text.Append('"');
        foreach (var character in value)
        {
            _ = character switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' or '\u2028' or '\u2029' => Escaped(text, character),
                '<' or '>' or '&' when escapeHtml => Escaped(text, character),
                _ => text.Append(character),
            };
        }

        text.Append('"');
    }

    private static StringBuilder Escaped(StringBuilder text, char character) =>
        text.Append("\\u").Append(((int)character).ToString("x4", CultureInfo.InvariantCulture));
}
