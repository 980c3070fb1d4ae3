using System.Text.Json.Nodes;
using Hikigane.Resources.Pipelines;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Schemas;

/// <summary>
/// The <c>openAPIV3Schema</c> of Tekton's kinds, made from the tables of their fields: what the API server prunes and checks by, and what
/// <c>kubectl explain</c> shows. Left open where upstream's definitions are open: inline specs, volumes and values; the Triggers kinds as a whole.
/// </summary>
public static class TektonSchemas
{
    private const string Open = "x-kubernetes-preserve-unknown-fields";

    private static readonly string[] OpenFields = ["taskSpec", "pipelineSpec", "volumes", "properties", "status"];

    /// <summary>The schema of a kind in a version.</summary>
    public static JsonObject Of(string group, string version, string kind)
    {
        var isTriggers = group == "triggers.tekton.dev";
        var shapes = (isTriggers, version) switch
        {
            (true, "v1alpha1") => TriggersShapes.V1Alpha1,
            (true, _) => TriggersShapes.V1Beta1,
            (false, "v1beta1") => Shapes.V1Beta1,
            _ => Shapes.V1,
        };
        if (!shapes.TryGetValue(kind, out var shape))
        {
            return Anything("object");
        }

        var writer = new SchemaWriter(shapes, isTriggers);
        var schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["spec"] = writer.Field(shape.Fields["spec"], []), ["status"] = Anything("object") } };
        if (isTriggers)
        {
            schema[Open] = true;
        }

        return schema;
    }

    private static JsonObject Anything(string? type = null)
    {
        var schema = new JsonObject { [Open] = true };
        if (type is not null)
        {
            schema["type"] = type;
        }

        return schema;
    }

    private sealed class SchemaWriter(IReadOnlyDictionary<string, Shape> shapes, bool keepsUnknown)
    {
        public JsonObject Field(ShapeField field, IReadOnlyList<string> above)
        {
            var schema = Described(field, above);
            if (keepsUnknown)
            {
                // Upstream's definitions of the Triggers kinds check nothing, and its examples have keys without a value.
                schema["nullable"] = true;
            }

            return schema;
        }

        private JsonObject Described(ShapeField field, IReadOnlyList<string> above) =>
            OpenFields.Contains(field.Name) && field.Type != "string" ? Anything(field.Type.StartsWith("[] ", StringComparison.Ordinal) ? "array" : null) : Of(field.Type, above);

        private JsonObject Of(string type, IReadOnlyList<string> above) => type switch
        {
            "string" or "duration" or "url" or "bytes" => Scalar("string"),
            "int" or "int32" => Scalar("integer"),
            "bool" => Scalar("boolean"),
            "quantity" => new JsonObject
            {
                ["anyOf"] = new JsonArray(Scalar("integer"), Scalar("string")),
                ["x-kubernetes-int-or-string"] = true,
            },
            "raw" => Anything("object"),
            _ when type.StartsWith("[] ", StringComparison.Ordinal) => new JsonObject { ["type"] = "array", ["items"] = Of(type[3..], above) },
            _ when type.StartsWith("map ", StringComparison.Ordinal) => new JsonObject { ["type"] = "object", ["additionalProperties"] = Of(type[4..], above) },
            _ => shapes.TryGetValue(type.TrimStart('*'), out var shape) ? Object(shape, above) : Anything(),
        };

        /// <summary>A shape that contains itself, or a part of the core API in a kind that is open anyway, ends the descent.</summary>
        private JsonObject Object(Shape shape, IReadOnlyList<string> above)
        {
            if (above.Contains(shape.Name) || (keepsUnknown && shape.Name.StartsWith("v1~", StringComparison.Ordinal)))
            {
                return Anything("object");
            }

            var properties = new JsonObject();
            foreach (var field in shape.Fields.Values)
            {
                properties[field.Name] = Field(field, [.. above, shape.Name]);
            }

            var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
            if (keepsUnknown)
            {
                schema[Open] = true;
            }

            return schema;
        }

        private static JsonObject Scalar(string type) => new() { ["type"] = type };
    }
}
