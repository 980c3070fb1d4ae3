using System.Text.Json.Nodes;

namespace Hikigane.ApiServer.Tables;

/// <summary>One column of a server-side table: what kubectl prints above it, and how a cell is read from an object.</summary>
/// <param name="Priority">0 is always shown, more only with <c>-o wide</c>.</param>
internal sealed record Column(string Name, Func<JsonObject, DateTimeOffset, JsonNode?> Cell, string Type = "string", int Priority = 0, string Format = "", string Description = "")
{
    public JsonObject ToDefinition() => new()
    {
        ["name"] = Name,
        ["type"] = Type,
        ["format"] = Format,
        ["description"] = Description,
        ["priority"] = Priority,
    };
}
