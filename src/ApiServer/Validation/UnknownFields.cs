using System.Text.Json.Nodes;
using Hikigane.ApiServer.OpenApi;
using Hikigane.ApiServer.Rest;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>
/// Server-side field validation: the fields of an object that its type does not have, as <c>unknown field "spec.bogus"</c>. kubectl no longer
/// checks this itself; a typo must not be stored in silence.
/// </summary>
public static class UnknownFields
{
    /// <summary>Unknown fields of an object, or of a merge patch of one, in the order in which upstream tells them.</summary>
    public static IReadOnlyList<string> Of(Target target, JsonObject manifest)
    {
        var found = new List<string>();
        if (BuiltinTypes.OfKind(target.Type.ApiVersion, target.Type.Kind) is { } type)
        {
            Check(type, manifest, "", found);
            return found;
        }

        if (manifest.Object("metadata") is { } metadata)
        {
            Check(BuiltinTypes.All["meta.ObjectMeta"], metadata, "metadata", found);
        }

        if (target.Kind.Schemas.GetValueOrDefault(target.Type.Version) is { } schema)
        {
            found.AddRange(StructuralSchema.Unknown(manifest, schema).Select(path => $"unknown field \"{path}\""));
        }

        return found;
    }

    private static void Check(BuiltinType type, JsonObject value, string path, List<string> found)
    {
        var fields = BuiltinSchemas.AllFields(type).ToDictionary(field => field.Name);
        foreach (var (name, child) in value)
        {
            var at = path.Length == 0 ? name : $"{path}.{name}";
            if (fields.TryGetValue(name, out var field))
            {
                Descend(field, child, at, found);
            }
            else if (!name.StartsWith('$') && (path.Length > 0 || name is not ("apiVersion" or "kind")))
            {
                // What begins with a dollar sign is a directive of a patch.
                found.Add($"unknown field \"{at}\"");
            }
        }
    }

    private static void Descend(BuiltinField field, JsonNode? child, string path, List<string> found)
    {
        if (BuiltinTypes.Named(field.Type) is not { } type)
        {
            return;
        }

        switch (child)
        {
            case JsonArray list:
                foreach (var (index, item) in list.Index())
                {
                    Descend(field, item, $"{path}[{index}]", found);
                }

                break;
            case JsonObject map when field.IsMap:
                foreach (var (key, item) in map)
                {
                    if (item is JsonObject nested)
                    {
                        Check(type, nested, $"{path}.{key}", found);
                    }
                }

                break;
            case JsonObject nested:
                Check(type, nested, path, found);
                break;
        }
    }
}
