using System.Text.Json.Nodes;
using Hikigane.Resources;

namespace Hikigane.ApiServer.Registry;

/// <summary>An Event is one object with two faces: <c>v1</c> and <c>events.k8s.io/v1</c>. As kubernetes pkg/apis/events/v1/conversion.go.</summary>
internal static class EventVersions
{
    public const string NewGroup = "events.k8s.io";

    private static readonly (string Core, string New)[] Names =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("reportingComponent", "reportingController"), ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"), ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"),
    ];

    /// <summary>The name under which a type's objects are stored.</summary>
    public static string StoredAs(ResourceType type) => type is { Group: NewGroup, Plural: "events" } ? Kinds.Event.GroupResource : type.GroupResource;

    public static JsonObject Convert(JsonObject item, ResourceType wanted)
    {
        var isNew = wanted.Group == NewGroup;
        var converted = new JsonObject();
        foreach (var (name, value) in item)
        {
            var pair = Array.Find(Names, one => (isNew ? one.Core : one.New) == name);
            converted[pair == default ? name : isNew ? pair.New : pair.Core] = value?.DeepClone();
        }

        converted["apiVersion"] = wanted.ApiVersion;
        if (isNew)
        {
            // What the older face does not have is shown empty, not left out.
            converted.TryAdd("eventTime", null);
        }

        return converted;
    }
}
