using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.Resources.Json;

/// <summary>
/// Lenses over an object as JSON. The store keeps what the user sent; these read it without a typed copy.
/// A value of the wrong type reads as absent: admission has already refused it, and a controller must not crash on it.
/// </summary>
public static class Manifest
{
    /// <summary>Follows object keys; null when a key is missing or a value on the way is not an object.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var key in path)
        {
            node = (node as JsonObject)?[key];
        }

        return node;
    }

    /// <summary>The string at a path, or null.</summary>
    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    /// <summary>The integer at a path, or null. A number with a fraction reads as absent.</summary>
    public static long? Integer(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue<long>(out var number) ? number
        : node.At(path) is JsonValue other && other.TryGetValue<int>(out var small) ? small : null;

    /// <summary>The boolean at a path; false when absent.</summary>
    public static bool Flag(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonValue value && value.GetValueKind() == JsonValueKind.True;

    /// <summary>The object at a path, or null.</summary>
    public static JsonObject? Object(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) as JsonObject;

    /// <summary>The list at a path; empty when absent.</summary>
    public static IEnumerable<JsonNode?> Items(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) as JsonArray ?? Enumerable.Empty<JsonNode?>();

    /// <summary>The objects of the list at a path; what is not an object is left out.</summary>
    public static IEnumerable<JsonObject> Objects(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.Items(path).OfType<JsonObject>();

    /// <summary>The object at a path, made (with all objects on the way) when absent. For objects that the caller owns.</summary>
    public static JsonObject Ensure(this JsonObject node, params ReadOnlySpan<string> path)
    {
        foreach (var key in path)
        {
            if (node[key] is not JsonObject next)
            {
                node[key] = next = [];
            }

            node = next;
        }

        return node;
    }

    /// <summary>A deep copy, typed.</summary>
    public static JsonObject Copy(this JsonObject node) => (JsonObject)node.DeepClone();

    public static string Name(this JsonObject manifest) => manifest.Text("metadata", "name") ?? "";

    public static string Namespace(this JsonObject manifest) => manifest.Text("metadata", "namespace") ?? "";

    public static string Uid(this JsonObject manifest) => manifest.Text("metadata", "uid") ?? "";

    public static ObjectKey Key(this JsonObject manifest) => new(manifest.Namespace(), manifest.Name());

    /// <summary><c>metadata.resourceVersion</c>; 0 when absent.</summary>
    public static long ResourceVersion(this JsonObject manifest) =>
        long.TryParse(manifest.Text("metadata", "resourceVersion"), out var revision) ? revision : 0;

    public static bool IsBeingDeleted(this JsonObject manifest) => manifest.Text("metadata", "deletionTimestamp") is not null;

    public static string? Label(this JsonObject manifest, string key) => manifest.Text("metadata", "labels", key);

    public static string? Annotation(this JsonObject manifest, string key) => manifest.Text("metadata", "annotations", key);

    /// <summary>The owner reference with <c>controller: true</c>, or null.</summary>
    public static JsonObject? ControllerOwner(this JsonObject manifest) =>
        manifest.Objects("metadata", "ownerReferences").FirstOrDefault(owner => owner.Flag("controller"));

    /// <summary>The condition of a type in <c>status.conditions</c>, or null.</summary>
    public static JsonObject? Condition(this JsonObject manifest, string type) =>
        manifest.Objects("status", "conditions").FirstOrDefault(condition => condition.Text("type") == type);

    /// <summary>An owner reference to this object with <c>controller</c> and <c>blockOwnerDeletion</c> set, as knative's controllers write it.</summary>
    public static JsonObject OwnerReference(this JsonObject owner) => new()
    {
        ["apiVersion"] = owner.Text("apiVersion"),
        ["kind"] = owner.Text("kind"),
        ["name"] = owner.Name(),
        ["uid"] = owner.Uid(),
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };
}
