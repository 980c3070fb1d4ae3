using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Tables;

/// <summary>Cells of an event, in either of its two shapes (core and events.k8s.io).</summary>
internal static class EventCells
{
    public static readonly Column[] Columns =
    [
        new("Last Seen", (item, now) => Last(item, now)), BuiltinColumns.Text("Type", item => item.Text("type")),
        BuiltinColumns.Text("Reason", item => item.Text("reason")), BuiltinColumns.Text("Object", Subject),
        BuiltinColumns.Wide("Subobject", item => Involved(item).Text("fieldPath")), BuiltinColumns.Wide("Source", Source),
        BuiltinColumns.Text("Message", item => (item.Text("message") ?? item.Text("note"))?.Trim()),
        new("First Seen", (item, now) => First(item, now), Priority: 1), new("Count", (item, _) => Count(item), "integer", 1),
        BuiltinColumns.Wide("Name", item => item.Name()),
    ];

    private static JsonObject? Involved(JsonObject item) => item.Object("involvedObject") ?? item.Object("regarding");

    private static string Subject(JsonObject item)
    {
        var subject = Involved(item);
        var name = subject.Text("name");
        return string.IsNullOrEmpty(name) ? (subject.Text("kind") ?? "").ToLowerInvariant() : $"{(subject.Text("kind") ?? "").ToLowerInvariant()}/{name}";
    }

    private static string Source(JsonObject item)
    {
        var source = item.Object("source") ?? item.Object("deprecatedSource");
        var component = source.Text("component") is { Length: > 0 } named ? named : item.Text("reportingComponent") ?? item.Text("reportingController");
        return string.Join(", ", new[] { component, source.Text("host") }.Where(part => !string.IsNullOrEmpty(part)));
    }

    private static JsonNode? FirstTime(JsonObject item) => item["firstTimestamp"] ?? item["deprecatedFirstTimestamp"] ?? item["eventTime"];

    private static string First(JsonObject item, DateTimeOffset now) => Age.Of(FirstTime(item), now);

    private static string Last(JsonObject item, DateTimeOffset now) =>
        Age.Of(item.At("series", "lastObservedTime") ?? item["lastTimestamp"] ?? item["deprecatedLastTimestamp"] ?? FirstTime(item), now);

    private static long Count(JsonObject item) =>
        item.Integer("series", "count") ?? item.Integer("count") ?? item.Integer("deprecatedCount") ?? 1;
}
