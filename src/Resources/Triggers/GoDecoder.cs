using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;

namespace Hikigane.Resources.Triggers;

/// <summary>
/// Reads an object as Go's decoder reads it into its structs: names match without regard to case, unknown fields and wrong types are errors
/// in Go's words, the first one in the order of the document counts. The result is what the structs write back.
/// </summary>
internal sealed partial class GoDecoder(IReadOnlyDictionary<string, Shape> shapes, string version, bool isStrict = true)
{
    /// <summary>The first error; null when all was read.</summary>
    public string? Error { get; private set; }

    /// <param name="keepsEmpty">Whether an empty list that was given stays: the struct tells it from none, its JSON does not.</param>
    public JsonObject Decode(JsonNode? node, string shape, bool keepsEmpty)
    {
        if (node is JsonObject given)
        {
            return Struct(given, shapes[shape], "", keepsEmpty);
        }

        if (node is not null)
        {
            Fail($"json: cannot unmarshal {Kind(node)} into Go value of type {GoName(shape)}");
        }

        return [];
    }

    private JsonObject Struct(JsonObject node, Shape shape, string path, bool keepsEmpty)
    {
        var read = new Dictionary<string, JsonNode?>();
        foreach (var (key, value) in node)
        {
            if ((shape.Fields.GetValueOrDefault(key)
                ?? shape.Fields.Values.FirstOrDefault(one => one.Name.Equals(key, StringComparison.OrdinalIgnoreCase))) is not { } field)
            {
                // knative reads metadata leniently, so that clients may be newer than the webhook.
                if (isStrict && shape.Name != "ObjectMeta")
                {
                    Fail($"json: unknown field \"{key}\"");
                }

                continue;
            }

            var at = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
            read[field.Name] = Value(value, field.Type, new Place(GoShort(shape.Name), at), keepsEmpty);
        }

        return Written(shape, read, keepsEmpty);
    }

    private JsonObject Written(Shape shape, Dictionary<string, JsonNode?> read, bool keepsEmpty)
    {
        var written = new JsonObject();
        foreach (var (name, field) in shape.Fields)
        {
            var value = read.GetValueOrDefault(name);
            if (field.IsAlways)
            {
                written[name] = value ?? Zero(field.Type);
            }
            else if (value is not null && (field.IsPointer || !IsZero(value) || (keepsEmpty && value is JsonArray)))
            {
                written[name] = value;
            }
        }

        return written;
    }

    private JsonNode? Value(JsonNode? node, string type, Place place, bool keepsEmpty)
    {
        if (node is null)
        {
            return null;
        }

        if (type.StartsWith("[] ", StringComparison.Ordinal))
        {
            return Expect(node, JsonValueKind.Array, type, place) is JsonArray list
                ? new JsonArray([.. list.Select(item => Element(item, type[3..], place, keepsEmpty))])
                : null;
        }

        if (type.StartsWith("map ", StringComparison.Ordinal))
        {
            var map = new JsonObject();
            foreach (var (key, item) in Expect(node, JsonValueKind.Object, type, place) as JsonObject ?? [])
            {
                map[key] = Element(item, type[4..], place, keepsEmpty);
            }

            return map;
        }

        return type switch
        {
            "any" or "TriggerResourceTemplate" => node.DeepClone(),
            "string" => Expect(node, JsonValueKind.String, type, place)?.DeepClone(),
            "bool" => node.GetValueKind() == JsonValueKind.False ? node.DeepClone() : Expect(node, JsonValueKind.True, type, place)?.DeepClone(),
            "int" or "int32" => Integer(node, type, place),
            "quantity" => QuantityOf(node),
            "value" => ShapedJson.ParamValue(node),
            "url" => Url(node, place),
            "bytes" => Bytes(node, place),
            _ => Expect(node, JsonValueKind.Object, type, place) is JsonObject inner ? Struct(inner, shapes[type.TrimStart('*')], place.Path, keepsEmpty) : null,
        };
    }

    private JsonNode? Element(JsonNode? item, string type, Place place, bool keepsEmpty) =>
        item is null && type.StartsWith('*') ? null : Value(item, type, place, keepsEmpty) ?? Zero(type);

    private JsonNode? Expect(JsonNode node, JsonValueKind kind, string type, Place place)
    {
        if (node.GetValueKind() == kind)
        {
            return node;
        }

        Fail($"json: cannot unmarshal {Kind(node)} into Go struct field {place.Struct}.{place.Path} of type {GoName(type)}");
        return null;
    }

    private JsonNode? Integer(JsonNode node, string type, Place place)
    {
        if (Expect(node, JsonValueKind.Number, type, place) is not { } number)
        {
            return null;
        }

        var text = number.ToJsonString();
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && (type != "int32" || value is >= int.MinValue and <= int.MaxValue))
        {
            return value;
        }

        Fail($"json: cannot unmarshal number {text} into Go struct field {place.Struct}.{place.Path} of type {(type == "int" ? "int64" : type)}");
        return null;
    }

    private JsonNode? QuantityOf(JsonNode node)
    {
        var text = node.Text() ?? node.ToJsonString();
        if (!QuantityForm().IsMatch(text))
        {
            Fail("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
            return null;
        }

        return Quantity.Canonical(text);
    }

    private JsonNode? Url(JsonNode node, Place place)
    {
        if (Expect(node, JsonValueKind.String, "string", place).Text() is not { } text)
        {
            return null;
        }

        if (text.StartsWith(':'))
        {
            Fail($"parse \"{text}\": missing protocol scheme");
            return null;
        }

        return text;
    }

    private JsonNode? Bytes(JsonNode node, Place place)
    {
        if (Expect(node, JsonValueKind.String, "[]uint8", place).Text() is not { } text)
        {
            return null;
        }

        var clean = text.Replace("\n", "", StringComparison.Ordinal).Replace("\r", "", StringComparison.Ordinal);
        if (Convert.TryFromBase64String(clean, new byte[clean.Length], out _))
        {
            return clean;
        }

        var good = clean.TakeWhile(character => char.IsAsciiLetterOrDigit(character) || character is '+' or '/').Count();
        Fail($"illegal base64 data at input byte {(good == clean.Length ? good / 4 * 4 : good)}");
        return null;
    }

    private void Fail(string message) => Error ??= message;

    private JsonNode? Zero(string type) => type switch
    {
        "string" or "value" => "",
        "quantity" => "0",
        "int" or "int32" => 0,
        "bool" => false,
        _ => shapes.TryGetValue(type, out var shape) ? Written(shape, [], keepsEmpty: false) : type == "any" ? null : null,
    };

    private static bool IsZero(JsonNode value) => value switch
    {
        JsonArray list => list.Count == 0,
        JsonObject map => map.Count == 0,
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => value.GetValue<string>().Length == 0,
            JsonValueKind.Number => value.ToJsonString() == "0",
            JsonValueKind.False => true,
            _ => false,
        },
    };

    private static string Kind(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Array => "array",
        _ => "object",
    };

    private static string GoShort(string name) => name[(name.IndexOf('~', StringComparison.Ordinal) + 1)..];

    private string GoName(string type) => type switch
    {
        "string" or "bool" or "int32" or "[]uint8" => type,
        "int" => "int64",
        _ when type.StartsWith("[] ", StringComparison.Ordinal) => "[]" + GoName(type[3..]),
        _ when type.StartsWith("map ", StringComparison.Ordinal) => "map[string]" + GoName(type[4..]),
        _ when type.StartsWith('*') => "*" + GoName(type[1..]),
        _ when type.StartsWith("v1~", StringComparison.Ordinal) => "v1." + type[3..],
        _ when CoreNames.Contains(type) => "v1." + type,
        _ => $"{version}.{GoShort(type)}",
    };

    private static readonly HashSet<string> CoreNames =
        ["LabelSelector", "Toleration", "Affinity", "PodSecurityContext", "SecurityContext", "Probe", "EnvVar", "ContainerPort", "Volume", "VolumeMount"];

    [GeneratedRegex("^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$", RegexOptions.NonBacktracking)]
    private static partial Regex QuantityForm();

    private readonly record struct Place(string Struct, string Path);
}
