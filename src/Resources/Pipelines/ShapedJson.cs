using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Resources.Pipelines;

/// <summary>Passes an object through its shape, as upstream's webhook does by decoding into structs and encoding again.</summary>
/// <param name="version">The version whose package Go names in errors.</param>
internal sealed class ShapedJson(IReadOnlyDictionary<string, Shape> shapes, string version = "v1")
{
    private static readonly HashSet<string> CoreNames = [.. Shapes.Parse(CoreShapes.Text).Keys];

    private readonly List<string> errors = [];

    /// <summary>Inside a field whose schema keeps unknown fields. Elsewhere the API server has dropped them before a webhook sees the object.</summary>
    private bool keepsUnknown;

    /// <summary>What could not be read, in Go's words; empty when all is well.</summary>
    public IReadOnlyList<string> Errors => errors;

    /// <summary>The object as its shape writes it.</summary>
    public JsonObject Read(JsonObject node, string shape) => Struct(node, shapes[shape], "");

    private JsonObject Struct(JsonObject? node, Shape shape, string path)
    {
        var written = new JsonObject();
        var given = new Dictionary<string, JsonNode?>();
        foreach (var (key, value) in node ?? [])
        {
            // Go matches names without regard to case.
            var name = shape.Fields.ContainsKey(key) ? key
                : shape.Fields.Keys.FirstOrDefault(field => field.Equals(key, StringComparison.OrdinalIgnoreCase));
            if (name is null)
            {
                if (keepsUnknown)
                {
                    errors.Add($"json: unknown field \"{key}\"");
                }

                continue;
            }

            given[name] = value;
        }

        foreach (var (name, field) in shape.Fields)
        {
            var value = given.GetValueOrDefault(name);
            var outside = keepsUnknown;
            keepsUnknown |= name is "taskSpec" or "pipelineSpec" or "volumes";
            var read = Value(value, field.Type, new Place(shape.Name, path.Length == 0 ? name : $"{path}.{name}"), field);
            keepsUnknown = outside;
            if (field.IsPointer ? value is not null : field.IsAlways || !IsZero(read, field.Type, value is not null))
            {
                written[name] = read ?? Zero(field.Type);
            }
        }

        return written;
    }

    private JsonNode? Value(JsonNode? node, string type, Place place, ShapeField field) => type switch
    {
        "any" or "raw" => node?.DeepClone(),
        _ when type.StartsWith("[] ", StringComparison.Ordinal) => Several(node, type[3..], place, field, isList: true),
        _ when type.StartsWith("map ", StringComparison.Ordinal) => Several(node, type[4..], place, field, isList: false),
        _ when node is null => field.IsAlways && shapes.TryGetValue(type, out var empty) ? Struct(null, empty, place.Path) : null,
        "string" => Expect(node, JsonValueKind.String, "string", place),
        "int" => Expect(node, JsonValueKind.Number, "int", place),
        "bool" => node.GetValueKind() == JsonValueKind.False ? node.DeepClone() : Expect(node, JsonValueKind.True, "bool", place),
        "duration" => Duration(node, place),
        "quantity" => QuantityOf(node),
        "value" => ParamValue(node),
        _ => Expect(node, JsonValueKind.Object, type, place) is JsonObject inner ? Struct(inner, shapes[type], place.Path) : null,
    };

    private JsonNode? Several(JsonNode? node, string type, Place place, ShapeField field, bool isList)
    {
        if (node is null)
        {
            return null;
        }

        var element = new ShapeField(field.Name, type, IsAlways: true, IsPointer: false);
        if (isList)
        {
            return Expect(node, JsonValueKind.Array, "[] " + type, place) is JsonArray list
                ? new JsonArray([.. list.Select(item => Value(item, type, place, element) ?? Zero(type))])
                : null;
        }

        var map = new JsonObject();
        foreach (var (key, value) in Expect(node, JsonValueKind.Object, "map " + type, place) as JsonObject ?? [])
        {
            map[key] = Value(value, type, place, element) ?? Zero(type);
        }

        return map;
    }

    private JsonNode? Expect(JsonNode node, JsonValueKind kind, string type, Place place)
    {
        if (node.GetValueKind() == kind)
        {
            return node.DeepClone();
        }

        var what = node.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => "number",
            JsonValueKind.True or JsonValueKind.False => "bool",
            JsonValueKind.Array => "array",
            _ => "object",
        };
        errors.Add($"json: cannot unmarshal {what} into Go struct field {place.Struct}.{place.Path} of type {GoName(type)}");
        return null;
    }

    private JsonNode? Duration(JsonNode node, Place place)
    {
        if (Expect(node, JsonValueKind.String, "string", place) is not { } text)
        {
            return null;
        }

        if (GoDuration.Nanoseconds(text.GetValue<string>()) is { } nanoseconds)
        {
            return GoDuration.Format(nanoseconds);
        }

        errors.Add($"time: invalid duration \"{text.GetValue<string>()}\"");
        return null;
    }

    /// <summary>A string, a list of strings or a map of strings; anything else is kept as its JSON text.</summary>
    public static JsonNode ParamValue(JsonNode node) => node switch
    {
        JsonArray list when list.All(IsText) => node.DeepClone(),
        JsonObject map when map.All(pair => IsText(pair.Value)) => node.DeepClone(),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => node.DeepClone(),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number && value.ToJsonString() == "-0.0" => "-0",
        _ => node.ToJsonString(),
    };

    private static bool IsText(JsonNode? node) => node is null || node.GetValueKind() == JsonValueKind.String;

    private static bool IsZero(JsonNode? read, string type, bool wasGiven) => read switch
    {
        null => true,
        JsonArray list => list.Count == 0,
        JsonObject map => map.Count == 0 && (type.StartsWith("map ", StringComparison.Ordinal) || !wasGiven),
        _ => read.GetValueKind() switch
        {
            JsonValueKind.String => read.GetValue<string>().Length == 0,
            JsonValueKind.Number => read.ToJsonString() is "0",
            JsonValueKind.False => type != "any",
            _ => false,
        },
    };

    private JsonNode? Zero(string type) => type switch
    {
        "string" or "value" => "",
        "quantity" => "0",
        "int" => 0,
        "bool" => false,
        "any" => null,
        _ => shapes.TryGetValue(type, out var shape) ? Struct(null, shape, "") : null,
    };

    private JsonNode? QuantityOf(JsonNode node)
    {
        var text = node.Text() ?? node.ToJsonString();
        if (node is JsonValue && Quantity.IsQuantity(text))
        {
            return Quantity.Canonical(text);
        }

        errors.Add("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
        return null;
    }

    private string GoName(string type) => type switch
    {
        "string" or "bool" or "int" => type,
        _ when type.StartsWith("[] ", StringComparison.Ordinal) => "[]" + GoName(type[3..]),
        _ when type.StartsWith("map ", StringComparison.Ordinal) => "map[string]" + GoName(type[4..]),
        _ when CoreNames.Contains(type) => "v1." + type,
        _ => $"{version}.{type}",
    };

    private readonly record struct Place(string Struct, string Path);
}
