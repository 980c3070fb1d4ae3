using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Templates;

/// <summary>Which event, listener and trigger a rendered object belongs to.</summary>
public sealed record RenderContext(string ListenerName, string TriggerNamespace, string TriggerName, string EventId)
{
    /// <summary>How often a trigger of this name was reached by the event before: 0 for the first time.</summary>
    public int Occurrence { get; init; }

    /// <summary>The event that this one repeats; null for live events.</summary>
    public string? ReplayOf { get; init; }

    /// <summary>What names are derived from: one for each time that a trigger is reached.</summary>
    public string TriggerKey => Occurrence == 0 ? $"{TriggerNamespace}/{TriggerName}" : $"{TriggerNamespace}/{TriggerName}#{Occurrence}";
}

/// <summary>Rendered text → the object to create, with the labels that lead back to the event. As tektoncd/triggers pkg/resources/create.go.</summary>
public static class RenderedObject
{
    public static (JsonObject? Manifest, string? Error) Read(string text, int templateIndex, RenderContext context)
    {
        var (manifest, error) = GoJsonReader.ReadObject(System.Text.Encoding.UTF8.GetBytes(text), GoNumbers.Kubernetes);
        if (error is null && manifest.Text("kind") is null or "")
        {
            error = $"Object 'Kind' is missing in '{text}'";
        }

        if (error is not null)
        {
            return (null, "couldn't unmarshal json from the TriggerTemplate: " + error);
        }

        error = Label(manifest!, context);
        if (error is not null)
        {
            return (null, error);
        }

        var metadata = manifest!.Ensure("metadata");
        if (string.IsNullOrEmpty(metadata.Text("namespace")))
        {
            metadata["namespace"] = context.TriggerNamespace;
        }

        if (metadata.Text("generateName") is { Length: > 0 } generateName && string.IsNullOrEmpty(metadata.Text("name")))
        {
            metadata["name"] = GeneratedName.Of(generateName, context.EventId, context.TriggerKey, templateIndex);
        }

        return (manifest, null);
    }

    private static string? Label(JsonObject manifest, RenderContext context)
    {
        if (manifest["metadata"] is { } metadata and not JsonObject)
        {
            return $".metadata accessor error: {GoFormat.Of(metadata)} is of the type {GoType(metadata)}, expected map[string]interface{{}}";
        }

        var labels = manifest.At("metadata", "labels");
        if (labels is not null and not JsonObject)
        {
            return $".metadata.labels accessor error: {GoFormat.Of(labels)} is of the type {GoType(labels)}, expected map[string]interface{{}}";
        }

        foreach (var (key, value) in labels as JsonObject ?? [])
        {
            if (value is not JsonValue text || text.GetValueKind() != JsonValueKind.String)
            {
                return $".metadata.labels accessor error: contains non-string value in the map under key \"{key}\": {GoFormat.Of(value)} is of the type {GoType(value)}, expected string";
            }
        }

        var owned = manifest.Ensure("metadata", "labels");
        owned["triggers.tekton.dev/eventlistener"] = context.ListenerName;
        owned["triggers.tekton.dev/trigger"] = context.TriggerName;
        owned["triggers.tekton.dev/triggers-eventid"] = context.EventId;
        if (context.ReplayOf is not null)
        {
            owned["hikigane.dev/replay-of"] = context.ReplayOf;
        }

        return null;
    }

    private static string GoType(JsonNode? node) => node switch
    {
        null => "<nil>",
        JsonObject => "map[string]interface {}",
        JsonArray => "[]interface {}",
        JsonValue value => value.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => value.TryGetValue<long>(out _) ? "int64" : "float64",
            _ => "bool",
        },
        _ => "interface {}",
    };
}
