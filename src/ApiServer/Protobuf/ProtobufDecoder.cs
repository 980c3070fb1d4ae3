using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.OpenApi;
using Hikigane.Kube;

namespace Hikigane.ApiServer.Protobuf;

/// <summary>
/// Turns a protobuf request body into the JSON that the same client would have sent: a table walk over <see cref="BuiltinTypes"/>.
/// Clients built on client-go 0.32 and later send built-in kinds this way and have no fallback. Answers are always JSON.
/// </summary>
public static class ProtobufDecoder
{
    public const string MediaType = "application/vnd.kubernetes.protobuf";

    private const int MaxDepth = 64;

    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <summary>Decodes an enveloped object. 400 on bytes that are no protobuf, 415 for a kind that has no protobuf form.</summary>
    public static JsonObject Decode(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith(Magic))
        {
            throw ProtobufReader.Malformed("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }

        string apiVersion = "", kind = "";
        ReadOnlySpan<byte> raw = [];
        var reader = new ProtobufReader(body[Magic.Length..]);
        while (!reader.IsAtEnd)
        {
            switch (reader.ReadTag())
            {
                case (1, 2):
                    (apiVersion, kind) = ReadTypeMeta(reader.ReadBytes());
                    break;
                case (2, 2):
                    raw = reader.ReadBytes();
                    break;
                case (_, var wireType):
                    reader.Skip(wireType);
                    break;
            }
        }

        var type = BuiltinTypes.OfKind(apiVersion, kind) ?? throw new KubeException(
            415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml");
        var decoded = new JsonObject { ["kind"] = kind, ["apiVersion"] = apiVersion };
        ReadMessage(type, raw, decoded, 0);
        return decoded;
    }

    private static (string ApiVersion, string Kind) ReadTypeMeta(ReadOnlySpan<byte> bytes)
    {
        string apiVersion = "", kind = "";
        var reader = new ProtobufReader(bytes);
        while (!reader.IsAtEnd)
        {
            switch (reader.ReadTag())
            {
                case (1, 2):
                    apiVersion = reader.ReadString();
                    break;
                case (2, 2):
                    kind = reader.ReadString();
                    break;
                case (_, var wireType):
                    reader.Skip(wireType);
                    break;
            }
        }

        return (apiVersion, kind);
    }

    private static void ReadMessage(BuiltinType type, ReadOnlySpan<byte> bytes, JsonObject into, int depth)
    {
        if (depth > MaxDepth)
        {
            throw ProtobufReader.Malformed("message nested too deeply");
        }

        var reader = new ProtobufReader(bytes);
        while (!reader.IsAtEnd)
        {
            var (number, wireType) = reader.ReadTag();
            if (type.ByNumber(number) is { } field)
            {
                ReadField(field, wireType, ref reader, into, depth);
            }
            else
            {
                reader.Skip(wireType);
            }
        }
    }

    private static void ReadField(BuiltinField field, int wireType, ref ProtobufReader reader, JsonObject into, int depth)
    {
        if (field.IsInline && BuiltinTypes.Named(field.Type) is { } hoisted)
        {
            ReadMessage(hoisted, reader.ReadBytes(), into, depth + 1);
        }
        else if (field.IsMap)
        {
            var (key, value) = ReadEntry(field, reader.ReadBytes(), depth);
            var map = into[field.Name] as JsonObject ?? [];
            into[field.Name] ??= map;
            map[key] = value;
        }
        else if (field.IsList)
        {
            var list = into[field.Name] as JsonArray ?? [];
            into[field.Name] ??= list;
            if (wireType == 2 && IsVarint(field.Type))
            {
                var packed = new ProtobufReader(reader.ReadBytes());
                while (!packed.IsAtEnd)
                {
                    list.Add(ReadValue(field.Type, 0, ref packed, depth));
                }
            }
            else
            {
                list.Add(ReadValue(field.Type, wireType, ref reader, depth));
            }
        }
        else
        {
            var value = ReadValue(field.Type, wireType, ref reader, depth);
            if (!(field.OmitsEmpty && IsDropped(value, field)))
            {
                into[field.Name] = value;
            }
        }
    }

    /// <summary>
    /// The generator writes non-pointer scalars even when empty, and Go's JSON leaves those out again. A struct that is no pointer is
    /// left out only where its type says so (a time).
    /// </summary>
    private static bool IsDropped(JsonNode? value, BuiltinField field) => value switch
    {
        null => true,
        _ when field.IsPointer => false,
        JsonObject { Count: 0 } => true,
        JsonValue scalar => scalar.GetValueKind() switch
        {
            JsonValueKind.String => scalar.GetValue<string>().Length == 0,
            JsonValueKind.False => true,
            JsonValueKind.Number => scalar.TryGetValue<long>(out var number) ? number == 0 : scalar.TryGetValue<double>(out var real) && real == 0,
            _ => false,
        },
        _ => false,
    };

    private static (string Key, JsonNode? Value) ReadEntry(BuiltinField field, ReadOnlySpan<byte> bytes, int depth)
    {
        var key = "";
        JsonNode? value = field.Type is "string" or "bytes" ? JsonValue.Create("") : null;
        var reader = new ProtobufReader(bytes);
        while (!reader.IsAtEnd)
        {
            var (number, wireType) = reader.ReadTag();
            switch (number)
            {
                case 1:
                    key = reader.ReadString();
                    break;
                case 2:
                    value = ReadValue(field.Type, wireType, ref reader, depth);
                    break;
                default:
                    reader.Skip(wireType);
                    break;
            }
        }

        return (key, value);
    }

    private static bool IsVarint(string type) => type is "int32" or "int64" or "bool";

    private static JsonNode? ReadValue(string type, int wireType, ref ProtobufReader reader, int depth)
    {
        if (IsVarint(type) ? wireType != 0 : type == "double" ? wireType != 1 : wireType != 2)
        {
            throw ProtobufReader.Malformed($"wrong wireType = {wireType} for a field of type {type}");
        }

        switch (type)
        {
            case "int32" or "int64":
                return JsonValue.Create((long)reader.ReadVarint());
            case "bool":
                return JsonValue.Create(reader.ReadVarint() != 0);
            case "double":
                return JsonValue.Create(BitConverter.UInt64BitsToDouble(reader.ReadFixed64()));
            case "string":
                return JsonValue.Create(reader.ReadString());
            case "bytes":
                return JsonValue.Create(Convert.ToBase64String(reader.ReadBytes()));
        }

        var bytes = reader.ReadBytes();
        if (BuiltinTypes.Named(type) is not { } message)
        {
            return ProtobufSpecials.Read(type, bytes);
        }

        var nested = new JsonObject();
        ReadMessage(message, bytes, nested, depth + 1);
        return nested;
    }
}
