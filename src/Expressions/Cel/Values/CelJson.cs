using System.Text;
using Hikigane.Expressions.Cel.Go;
using Hikigane.Expressions.GoJson;

namespace Hikigane.Expressions.Cel.Values;

/// <summary>
/// Values from JSON text, and back the way they travel in Go: through protobuf's JSON value (an int beyond 53 bits becomes text, bytes become base64), keys
/// sorted.
/// </summary>
public static class CelJson
{
    private const long MaxSafe = 9007199254740991;

    /// <summary>The value, every number a double, or the error.</summary>
    public static (CelValue? Value, string? Error) Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return (new GoJsonDocument<CelValue, ValueTarget>(utf8, default, GoJsonReader.MaxTreeDepth).ReadAll(), null);
        }
        catch (FormatException exception)
        {
            return (null, exception.Message);
        }
    }

    /// <summary>An object (or null, which is an empty one), or the error of a <c>map[string]interface {}</c>.</summary>
    public static (MapValue? Map, string? Error) ReadObject(ReadOnlySpan<byte> utf8)
    {
        var (value, error) = Read(utf8);
        return value switch
        {
            null => (null, error),
            MapValue map => (map, null),
            NullValue => (MapValue.Empty, null),
            _ => (null, GoJsonReader.NotAnObject(value switch { StringValue => "string", BoolValue => "bool", ListValue => "array", _ => "number" })),
        };
    }

    /// <summary>As <see cref="ReadObject(ReadOnlySpan{byte})"/>, of text.</summary>
    public static (MapValue? Map, string? Error) ReadObject(string text) => ReadObject(CelText.ToBytes(text));

    /// <summary>The text, or why there is none. <paramref name="escapesHtml"/>: <c>&lt; &gt; &amp;</c> as <c>\u003c</c> and so on, as <c>encoding/json</c> does.</summary>
    public static (string? Json, string? Error) ToText(CelValue value, bool escapesHtml = false)
    {
        if (value.Weight > CelValue.MaxShownWeight)
        {
            return (null, CelValue.TooLarge);
        }

        var text = new StringBuilder();
        var error = Write(text, value, escapesHtml, int.MaxValue);
        return error is null ? (text.ToString(), null) : (null, error);
    }

    /// <summary>The beginning of a value as JSON, for people; what JSON does not have is shown as Go prints it.</summary>
    public static string Shown(CelValue value, int maxLength)
    {
        var text = new StringBuilder();
        var whole = Write(text, value, escapesHtml: false, maxLength) is null ? text.ToString() : GoText.Verb(value);
        return whole.Length <= maxLength ? whole : whole[..(maxLength - (char.IsHighSurrogate(whole[maxLength - 1]) ? 1 : 0))] + "…";
    }

    private static string? Write(StringBuilder output, CelValue value, bool escapesHtml, int limit)
    {
        if (output.Length > limit)
        {
            return null;
        }

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
                GoJsonWriter.AppendText(output, text.Value.Length > limit ? text.Value[..limit] : text.Value, escapesHtml);
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
                return WriteList(output, list, escapesHtml, limit);
            case MapValue map:
                return WriteMap(output, map, escapesHtml, limit);
            default:
                return "type conversion not supported for 'type'";
        }
    }

    private static string? WriteList(StringBuilder output, ListValue list, bool escapesHtml, int limit)
    {
        output.Append('[');
        for (var i = 0; i < list.Items.Count && output.Length <= limit; i++)
        {
            output.Append(i == 0 ? "" : ",");
            if (Write(output, list.Items[i], escapesHtml, limit) is { } error)
            {
                return error;
            }
        }

        output.Append(']');
        return null;
    }

    private static string? WriteMap(StringBuilder output, MapValue map, bool escapesHtml, int limit)
    {
        if (KeyProblem(map) is { } problem)
        {
            return problem;
        }

        var separator = '{';
        var members = map.Entries.Select(entry => (Key: ((StringValue)entry.Key).Value, entry.Value));
        foreach (var (key, member) in map.Count < 2 ? members : members.OrderBy(entry => entry.Key, Comparer<string>.Create(CelText.Compare)))
        {
            output.Append(separator);
            separator = ',';
            GoJsonWriter.AppendText(output, key, escapesHtml);
            output.Append(':');
            if (Write(output, member, escapesHtml, limit) is { } error)
            {
                return error;
            }
        }

        output.Append(separator == '{' ? "{}" : "}");
        return null;
    }

    /// <summary>Why the keys of a map cannot be those of a JSON object; null when they can.</summary>
    private static string? KeyProblem(MapValue map) => map.Entries.Select(entry => entry.Key).FirstOrDefault(key => key is not StringValue) switch
    {
        null => null,
        BoolValue => "type conversion error from bool to 'string'",
        IntValue => "unsupported type conversion from 'int' to string",
        UintValue => "unsupported type conversion from 'uint' to string",
        var key => $"type conversion error from {GoText.TypeName(key)} to 'string'",
    };

    private readonly struct ValueTarget : IGoJsonTarget<CelValue>
    {
        public static bool Keeps => true;

        public CelValue Null() => NullValue.Instance;

        public CelValue Bool(bool value) => BoolValue.Of(value);

        public CelValue Number(double value, ReadOnlySpan<byte> spelled) => new DoubleValue(value);

        public CelValue Text(string value) => value.Length == 0 ? StringValue.Empty : new StringValue(value);

        public CelValue NewObject() => new MapValue(new Dictionary<string, CelValue>(StringComparer.Ordinal));

        public CelValue NewArray() => new ListValue(new List<CelValue>());

        public void Set(CelValue members, string key, CelValue value) => ((MapValue)members).Set(key, value);

        public void Append(CelValue items, CelValue value) => ((List<CelValue>)((ListValue)items).Items).Add(value);
    }
}
