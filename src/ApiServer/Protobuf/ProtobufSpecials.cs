using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.ApiServer.Protobuf;

/// <summary>The messages whose JSON is not an object of their fields: times, quantities, numbers or names, raw JSON.</summary>
internal static class ProtobufSpecials
{
    public static JsonNode? Read(string type, ReadOnlySpan<byte> bytes) => type switch
    {
        "Time" => Time(bytes, "yyyy-MM-dd'T'HH:mm:ss'Z'"),
        "MicroTime" => Time(bytes, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"),
        "Quantity" => JsonValue.Create(Fields(bytes).Text),
        "IntOrString" => IntOrString(bytes),
        "ExtraValue" => new JsonArray([.. Strings(bytes).Select(item => (JsonNode)JsonValue.Create(item))]),
        "Raw" => Raw(bytes),
        _ => null,
    };

    /// <summary>The empty message is null, not 1970.</summary>
    private static JsonValue? Time(ReadOnlySpan<byte> bytes, string format)
    {
        if (bytes.IsEmpty)
        {
            return null;
        }

        var (seconds, nanos) = (0L, 0L);
        var reader = new ProtobufReader(bytes);
        while (!reader.IsAtEnd)
        {
            switch (reader.ReadTag())
            {
                case (1, 0):
                    seconds = (long)reader.ReadVarint();
                    break;
                case (2, 0):
                    nanos = (int)reader.ReadVarint();
                    break;
                case (_, var wireType):
                    reader.Skip(wireType);
                    break;
            }
        }

        if (seconds is < -62135596800 or > 253402300799 || nanos is < 0 or > 999_999_999)
        {
            throw ProtobufReader.Malformed("timestamp out of range");
        }

        return JsonValue.Create(DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanos / 100).ToString(format, CultureInfo.InvariantCulture));
    }

    private static JsonValue IntOrString(ReadOnlySpan<byte> bytes)
    {
        var (type, number, text) = (0UL, 0L, "");
        var reader = new ProtobufReader(bytes);
        while (!reader.IsAtEnd)
        {
            switch (reader.ReadTag())
            {
                case (1, 0):
                    type = reader.ReadVarint();
                    break;
                case (2, 0):
                    number = (long)reader.ReadVarint();
                    break;
                case (3, 2):
                    text = reader.ReadString();
                    break;
                case (_, var wireType):
                    reader.Skip(wireType);
                    break;
            }
        }

        return type == 0 ? JsonValue.Create(number) : JsonValue.Create(text);
    }

    private static JsonNode? Raw(ReadOnlySpan<byte> bytes)
    {
        var (_, raw) = Fields(bytes);
        try
        {
            return raw.Length == 0 ? null : JsonNode.Parse(raw);
        }
        catch (JsonException)
        {
            throw ProtobufReader.Malformed("raw extension is not JSON");
        }
    }

    private static (string Text, byte[] Bytes) Fields(ReadOnlySpan<byte> bytes)
    {
        byte[] value = [];
        var reader = new ProtobufReader(bytes);
        while (!reader.IsAtEnd)
        {
            switch (reader.ReadTag())
            {
                case (1, 2):
                    value = reader.ReadBytes().ToArray();
                    break;
                case (_, var wireType):
                    reader.Skip(wireType);
                    break;
            }
        }

        return (Encoding.UTF8.GetString(value), value);
    }

    private static List<string> Strings(ReadOnlySpan<byte> bytes)
    {
        var values = new List<string>();
        var reader = new ProtobufReader(bytes);
        while (!reader.IsAtEnd)
        {
            switch (reader.ReadTag())
            {
                case (1, 2):
                    values.Add(reader.ReadString());
                    break;
                case (_, var wireType):
                    reader.Skip(wireType);
                    break;
            }
        }

        return values;
    }
}
