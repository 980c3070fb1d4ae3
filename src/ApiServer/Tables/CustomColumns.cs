using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Tables;

/// <summary>
/// Columns of a custom resource: Name, then <c>additionalPrinterColumns</c>; Age only where none is declared. As
/// apiextensions-apiserver pkg/registry/customresource/tableconvertor.
/// </summary>
internal static class CustomColumns
{
    /// <param name="declared">The version's <c>additionalPrinterColumns</c>.</param>
    public static IReadOnlyList<Column> Of(IEnumerable<JsonObject> declared)
    {
        var columns = declared.Select(Of).ToList();
        return [BuiltinColumns.Name, .. columns.Count > 0 ? columns : [BuiltinColumns.Age]];
    }

    private static Column Of(JsonObject declared)
    {
        var (type, path) = (declared.Text("type") ?? "string", declared.Text("jsonPath") ?? "");
        return new Column(
            declared.Text("name") ?? "", (item, now) => Cell(PrinterPath.First(item, path), type, now), type,
            (int)(declared.Integer("priority") ?? 0), declared.Text("format") ?? "", declared.Text("description") ?? "");
    }

    private static JsonNode? Cell(JsonNode? value, string type, DateTimeOffset now) => (type, value) switch
    {
        (_, null) => null,
        ("date", _) => Age.Of(value, now),
        ("integer", JsonValue number) when number.GetValueKind() == JsonValueKind.Number => number.DeepClone(),
        ("number", JsonValue number) when number.GetValueKind() == JsonValueKind.Number => number.DeepClone(),
        ("boolean", JsonValue flag) when flag.GetValueKind() is JsonValueKind.True or JsonValueKind.False => flag.DeepClone(),
        ("string", _) => PrinterPath.Text(value),
        _ => null,
    };
}
