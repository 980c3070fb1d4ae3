using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.OpenApi;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>
/// What the schema of a CustomResourceDefinition does to its objects: unknown fields are found and pruned, defaults filled in. As
/// apiextensions-apiserver pkg/apiserver/schema.
/// </summary>
internal static class StructuralSchema
{
    private const string Open = "x-kubernetes-preserve-unknown-fields";

    private static readonly HashSet<string> MetadataFields = [.. BuiltinSchemas.AllFields(BuiltinTypes.All["meta.ObjectMeta"]).Select(field => field.Name)];

    private static readonly string[] Always = ["apiVersion", "kind", "metadata"];

    /// <summary>Paths of the fields that the schema does not have, sorted, such as <c>spec.steps[0].foo</c>.</summary>
    public static IReadOnlyList<string> Unknown(JsonObject manifest, JsonObject schema)
    {
        var found = new List<string>();
        Walk(manifest, schema, "", isRoot: true, prunes: false, found);
        found.Sort(StringComparer.Ordinal);
        return found;
    }

    /// <summary>Takes out, in place, what the schema does not have.</summary>
    public static void Prune(JsonObject manifest, JsonObject schema)
    {
        Walk(manifest, schema, "", isRoot: true, prunes: true, []);
        foreach (var name in (manifest.Object("metadata") ?? []).Select(pair => pair.Key).Where(name => !MetadataFields.Contains(name)).ToList())
        {
            manifest.Object("metadata")!.Remove(name);
        }
    }

    /// <summary>Fills in, in place, the defaults of fields that are absent.</summary>
    public static void Default(JsonNode? value, JsonObject schema)
    {
        switch (value)
        {
            case JsonObject map:
                foreach (var (name, property) in schema.Object("properties") ?? [])
                {
                    if (property is not JsonObject inner)
                    {
                        continue;
                    }

                    // A null where none is allowed counts as left out.
                    if ((!map.ContainsKey(name) || (map[name] is null && !inner.Flag("nullable"))) && inner["default"] is { } given)
                    {
                        map[name] = given.DeepClone();
                    }

                    Default(map[name], inner);
                }

                foreach (var (name, item) in schema.Object("additionalProperties") is null ? [] : map)
                {
                    Default(item, schema.Object("additionalProperties")!);
                }

                break;
            case JsonArray list when schema.Object("items") is { } items:
                foreach (var item in list)
                {
                    Default(item, items);
                }

                break;
        }
    }

    private static void Walk(JsonNode? value, JsonObject schema, string path, bool isRoot, bool prunes, List<string> found)
    {
        if (value is JsonArray list && schema.Object("items") is { } items)
        {
            foreach (var (index, item) in list.Index())
            {
                Walk(item, items, $"{path}[{index}]", isRoot: false, prunes, found);
            }
        }

        if (value is not JsonObject map)
        {
            return;
        }

        var (properties, additional) = (schema.Object("properties"), schema["additionalProperties"]);
        var isOpen = schema.Flag(Open) || additional is JsonValue { } any && any.GetValueKind() == JsonValueKind.True;
        foreach (var (name, item) in map.ToList())
        {
            if (isRoot && Always.Contains(name))
            {
                continue;
            }

            var at = path.Length == 0 ? name : $"{path}.{name}";
            if ((properties?[name] ?? additional) is JsonObject inner)
            {
                // An embedded object keeps its own kind and metadata.
                Walk(item, inner, at, inner.Flag("x-kubernetes-embedded-resource"), prunes, found);
            }
            else if (!isOpen && properties?.ContainsKey(name) != true)
            {
                found.Add(at);
                if (prunes)
                {
                    map.Remove(name);
                }
            }
        }
    }
}
