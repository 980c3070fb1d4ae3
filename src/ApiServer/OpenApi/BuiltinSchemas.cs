using System.Text.Json.Nodes;

namespace Hikigane.ApiServer.OpenApi;

/// <summary>OpenAPI v3 schemas of the built-in types, made from <see cref="BuiltinTypes"/>.</summary>
internal static class BuiltinSchemas
{
    /// <summary>The name of a type's schema: <c>core.Pod</c> → <c>io.k8s.api.core.v1.Pod</c>.</summary>
    public static string NameOf(string type)
    {
        var parts = type.Split('.');
        return parts[0] == "meta" ? $"io.k8s.apimachinery.pkg.apis.meta.v1.{parts[1]}" : $"io.k8s.api.{parts[0]}.v1.{parts[1]}";
    }

    public static JsonObject Reference(string type) => new()
    {
        ["allOf"] = new JsonArray(new JsonObject { ["$ref"] = $"#/components/schemas/{NameOf(type)}" }),
    };

    /// <summary>Adds a type's schema, and those of all types that it refers to.</summary>
    public static void Add(JsonObject schemas, BuiltinType type)
    {
        if (schemas.ContainsKey(NameOf(type.Name)))
        {
            return;
        }

        var (properties, required) = (new JsonObject(), new JsonArray());
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        schemas[NameOf(type.Name)] = schema;
        foreach (var field in AllFields(type))
        {
            properties[field.Name] = Of(field);
            if (field.IsRequired)
            {
                required.Add((JsonNode)field.Name);
            }

            if (BuiltinTypes.Named(field.Type) is { } referred)
            {
                Add(schemas, referred);
            }
        }

        if (required.Count > 0)
        {
            schema["required"] = required;
        }
    }

    /// <summary>The fields of a type as JSON shows them: those of inline types among them.</summary>
    public static IEnumerable<BuiltinField> AllFields(BuiltinType type) => type.Fields.SelectMany(field =>
        field.IsInline && BuiltinTypes.Named(field.Type) is { } hoisted ? AllFields(hoisted) : [field]);

    private static JsonObject Of(BuiltinField field) => field switch
    {
        { IsList: true, IsMap: false } => new JsonObject { ["type"] = "array", ["items"] = OfType(field.Type) },
        { IsMap: true } => new JsonObject { ["type"] = "object", ["additionalProperties"] = OfType(field.Type) },
        _ => OfType(field.Type),
    };

    private static JsonObject OfType(string type) => type switch
    {
        "string" => Scalar("string"),
        "int32" or "int64" => Scalar("integer", type),
        "bool" => Scalar("boolean"),
        "double" => Scalar("number", "double"),
        "bytes" => Scalar("string", "byte"),
        "Time" or "MicroTime" => Scalar("string", "date-time"),
        "Quantity" => new JsonObject { ["oneOf"] = new JsonArray(Scalar("string"), Scalar("number")) },
        "IntOrString" => new JsonObject { ["format"] = "int-or-string", ["oneOf"] = new JsonArray(Scalar("integer"), Scalar("string")) },
        "ExtraValue" => new JsonObject { ["type"] = "array", ["items"] = Scalar("string") },
        "Raw" => new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
        _ => Reference(type),
    };

    private static JsonObject Scalar(string type, string? format = null) =>
        format is null ? new JsonObject { ["type"] = type } : new JsonObject { ["type"] = type, ["format"] = format };
}
