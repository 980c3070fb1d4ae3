using System.Text;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Go;

/// <summary>
/// Values to JSON text the way they travel in Go: through protobuf's JSON value (an int beyond 53 bits becomes text, bytes become base64), keys sorted.
/// </summary>
public static class GoJsonWriter
{
    private const long MaxSafe = 9007199254740991;

    /// <summary>The text, or why there is none. <paramref name="escapesHtml"/>: <c>&lt; &gt; &amp;</c> as <c>\u003c</c> and so on, as <c>encoding/json</c> does.</summary>
    public static (string? Json, string? Error) ToText(CelValue value, bool escapesHtml = false)
    {
        var text = new StringBuilder();
        var error = Write(text, value, escapesHtml);
        return error is null ? (text.ToString(), null) : (null, error);
    }

    /// <summary>A JSON string as <c>encoding/json</c> writes it.</summary>
    public static void WriteString(StringBuilder output, string text, bool escapesHtml = true)
    {
        output.Append('"');
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            if (char.IsSurrogate(character))
            {
                if (i + 1 < text.Length && char.IsSurrogatePair(character, text[i + 1]))
                {
                    output.Append(character).Append(text[++i]);
                }
                else
                {
                    output.Append("\\ufffd");
                }

                continue;
            }

            output.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' or '\u2028' or '\u2029' => $"\\u{(int)character:x4}",
                '<' or '>' or '&' when escapesHtml => $"\\u{(int)character:x4}",
                _ => character.ToString(),
            });
        }

        output.Append('"');
    }

    private static string? Write(StringBuilder output, CelValue value, bool escapesHtml)
    {
        switch (value)
        {
            case NullValue:
                output.Append("null");
                return null;
            case BoolValue flag:
                output.Append(flag.Value ? "true" : "false");
                return null;
            case IntValue { Value: > MaxSafe or < -MaxSafe }:
            case UintValue { Value: > MaxSafe }:
                output.Append('"').Append(GoText.Verb(value)).Append('"');
                return null;
            case IntValue or UintValue:
                output.Append(GoNumber.Json(value is IntValue whole ? whole.Value : ((UintValue)value).Value));
                return null;
            case DoubleValue number when !double.IsFinite(number.Value):
                return $"proto: google.protobuf.Value.number_value: invalid {GoNumber.Shortest(number.Value)} value";
            case DoubleValue number:
                output.Append(GoNumber.Json(number.Value));
                return null;
            case StringValue text when !CelText.IsValid(text.Value):
                return "proto: field google.protobuf.Value.string_value contains invalid UTF-8";
            case StringValue text:
                WriteString(output, text.Value, escapesHtml);
                return null;
            case BytesValue bytes:
                output.Append('"').Append(Convert.ToBase64String(bytes.Value.Span)).Append('"');
                return null;
            case DurationValue duration:
                output.Append('"').Append(GoTime.Seconds(duration)).Append('"');
                return null;
            case TimestampValue time:
                output.Append('"').Append(GoTime.JsonTime(time)).Append('"');
                return null;
            case ListValue list:
                return WriteList(output, list, escapesHtml);
            case MapValue map:
                return WriteMap(output, map, escapesHtml);
            default:
                return "type conversion not supported for 'type'";
        }
    }

    private static string? WriteList(StringBuilder output, ListValue list, bool escapesHtml)
    {
        output.Append('[');
        for (var i = 0; i < list.Items.Count; i++)
        {
            output.Append(i == 0 ? "" : ",");
            if (Write(output, list.Items[i], escapesHtml) is { } error)
            {
                return error;
            }
        }

        output.Append(']');
        return null;
    }

    private static string? WriteMap(StringBuilder output, MapValue map, bool escapesHtml)
    {
        if (KeyProblem(map) is { } problem)
        {
            return problem;
        }

        output.Append('{');
        var isFirst = true;
        foreach (var (key, member) in map.Entries.Select(entry => (((StringValue)entry.Key).Value, entry.Value)).OrderBy(entry => entry.Item1, Comparer<string>.Create(CelText.Compare)))
        {
            output.Append(isFirst ? "" : ",");
            isFirst = false;
            WriteString(output, key, escapesHtml);
            output.Append(':');
            if (Write(output, member, escapesHtml) is { } error)
            {
                return error;
            }
        }

        output.Append('}');
        return null;
    }

    /// <summary>Why the keys of a map cannot be those of a JSON object; null when they can.</summary>
    internal static string? KeyProblem(MapValue map) => map.Entries.Select(entry => entry.Key).FirstOrDefault(key => key is not StringValue) switch
    {
        null => null,
        BoolValue => "type conversion error from bool to 'string'",
        IntValue => "unsupported type conversion from 'int' to string",
        UintValue => "unsupported type conversion from 'uint' to string",
        var key => $"type conversion error from {GoText.TypeName(key)} to 'string'",
    };
}
