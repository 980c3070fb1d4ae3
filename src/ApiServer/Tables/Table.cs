using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Tables;

/// <summary>Turns objects into <c>meta.k8s.io/v1 Table</c> and <c>PartialObjectMetadata</c>, the two forms in which clients ask for less than the object.</summary>
public static class Table
{
    /// <summary>A table of some objects.</summary>
    /// <param name="includeObject"><c>Metadata</c> (the default), <c>Object</c> or <c>None</c>.</param>
    internal static JsonObject Of(IReadOnlyList<Column> columns, IEnumerable<JsonObject> objects, JsonObject? listMetadata, string? includeObject, DateTimeOffset now)
    {
        var rows = new JsonArray();
        foreach (var item in objects)
        {
            rows.Add((JsonNode)Row(columns, item, includeObject, now));
        }

        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = listMetadata?.DeepClone() ?? new JsonObject(),
            ["columnDefinitions"] = new JsonArray([.. columns.Select(column => (JsonNode)column.ToDefinition())]),
            ["rows"] = rows,
        };
    }

    /// <summary>The metadata of an object and nothing else.</summary>
    public static JsonObject PartialMetadata(JsonObject item) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = item["metadata"]?.DeepClone() ?? new JsonObject(),
    };

    /// <summary>The metadata of a list's items.</summary>
    public static JsonObject PartialMetadataList(IEnumerable<JsonObject> items, JsonObject? listMetadata) => new()
    {
        ["kind"] = "PartialObjectMetadataList",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = listMetadata?.DeepClone() ?? new JsonObject(),
        ["items"] = new JsonArray([.. items.Select(item => (JsonNode)PartialMetadata(item))]),
    };

    private static JsonObject Row(IReadOnlyList<Column> columns, JsonObject item, string? includeObject, DateTimeOffset now)
    {
        var row = new JsonObject { ["cells"] = new JsonArray([.. columns.Select(column => column.Cell(item, now))]) };
        if (IsFinishedPod(item) is { } reason)
        {
            row["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "Completed",
                ["status"] = "True",
                ["reason"] = reason,
                ["message"] = reason == "Succeeded" ? "The pod has completed successfully." : "The pod failed.",
            });
        }

        row["object"] = includeObject switch
        {
            "None" => null,
            "Object" => item.DeepClone(),
            _ => PartialMetadata(item),
        };
        return row;
    }

    private static string? IsFinishedPod(JsonObject item) =>
        item.Text("kind") == "Pod" && item.Text("status", "phase") is "Succeeded" or "Failed" ? item.Text("status", "phase") : null;
}
