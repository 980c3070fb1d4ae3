using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.OpenApi;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>
/// The first value of an object of a built-in kind that has another type than its field, in the words of Go's decoder:
/// <c>json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container</c>.
/// </summary>
internal static class WrongTypes
{
    /// <summary>Null when all types are right, and for kinds that are not built in.</summary>
    public static string? First(JsonObject manifest) =>
        BuiltinTypes.OfKind(manifest.Text("apiVersion") ?? "", manifest.Text("kind") ?? "") is { } type ? Struct(type, manifest, "") : null;

    private static string? Struct(BuiltinType type, JsonObject value, string path)
    {
        var fields = BuiltinSchemas.AllFields(type).ToDictionary(field => field.Name);
        foreach (var (name, child) in value)
        {
            if (child is null || !fields.TryGetValue(name, out var field))
            {
                continue;
            }

            var at = path.Length == 0 ? name : $"{path}.{name}";
            if (Field(type, field, child, at) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    private static string? Field(BuiltinType holder, BuiltinField field, JsonNode child, string path)
    {
        if (field is { IsList: true, IsMap: false })
        {
            return child is JsonArray list
                ? list.OfType<JsonNode>().Select(item => Value(holder, field.Type, item, path)).FirstOrDefault(problem => problem is not null)
                : Wrong(holder, child, path, "[]" + GoName(field.Type));
        }

        if (field.IsMap)
        {
            return child is JsonObject map
                ? map.Select(pair => pair.Value).OfType<JsonNode>().Select(item => Value(holder, field.Type, item, path)).FirstOrDefault(problem => problem is not null)
                : Wrong(holder, child, path, "map[string]" + GoName(field.Type));
        }

        return Value(holder, field.Type, child, path);
    }

    private static string? Value(BuiltinType holder, string type, JsonNode value, string path)
    {
        var kind = value.GetValueKind();
        return type switch
        {
            "string" or "bytes" => kind == JsonValueKind.String ? null : Wrong(holder, value, path, GoName(type)),
            "int32" or "int64" => kind == JsonValueKind.Number && value.Integer() is not null ? null : Wrong(holder, value, path, type),
            "double" => kind == JsonValueKind.Number ? null : Wrong(holder, value, path, "float64"),
            "bool" => kind is JsonValueKind.True or JsonValueKind.False ? null : Wrong(holder, value, path, type),
            "Quantity" => kind is JsonValueKind.String or JsonValueKind.Number && Quantity.IsQuantity(value.Text() ?? value.ToJsonString()) ? null
                : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            "IntOrString" => kind is JsonValueKind.String or JsonValueKind.Number ? null : Wrong(holder, value, path, "intstr.IntOrString"),
            "Time" or "MicroTime" => kind != JsonValueKind.String ? Wrong(holder, value, path, "string")
                : DateTimeOffset.TryParse(value.Text(), System.Globalization.CultureInfo.InvariantCulture, out _) ? null
                : $"parsing time \"{value.Text()}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{value.Text()}\" as \"2006\"",
            _ when BuiltinTypes.Named(type) is { } named => value is JsonObject inner ? Struct(named, inner, path) : Wrong(holder, value, path, GoName(type)),
            _ => null,
        };
    }

    private static string Wrong(BuiltinType holder, JsonNode value, string path, string wanted)
    {
        var given = value.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number when wanted is "int32" or "int64" => $"number {value.ToJsonString()}",
            JsonValueKind.Number => "number",
            JsonValueKind.True or JsonValueKind.False => "bool",
            JsonValueKind.Array => "array",
            _ => "object",
        };
        return $"json: cannot unmarshal {given} into Go struct field {holder.Name[(holder.Name.IndexOf('.', StringComparison.Ordinal) + 1)..]}.{path} of type {wanted}";
    }

    private static string GoName(string type) => type switch
    {
        "bytes" => "[]uint8",
        "Quantity" => "resource.Quantity",
        _ when BuiltinTypes.Named(type) is not null => $"v1.{type[(type.IndexOf('.', StringComparison.Ordinal) + 1)..]}",
        _ => type,
    };
}
