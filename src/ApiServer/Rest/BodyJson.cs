using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.ApiServer.Rest;

/// <summary>A body as JSON. Of a key that stands twice the last value counts, as everywhere in Kubernetes, and the place is told.</summary>
internal static class BodyJson
{
    private const int MaxDepth = 512;

    /// <param name="duplicates">Gets <c>duplicate field "spec.x"</c> for each key that stands twice.</param>
    public static JsonNode? Parse(ReadOnlyMemory<byte> body, ICollection<string> duplicates)
    {
        try
        {
            return JsonNode.Parse(body.Span, null, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false });
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            // Malformed, or a key twice: the slower reader below tells them apart.
        }

        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return Tree(document.RootElement, "", duplicates);
        }
        catch (JsonException exception)
        {
            throw Errors.BadRequest($"the body is not JSON: line {exception.LineNumber + 1}, column {exception.BytePositionInLine + 1}: {Cause(exception.Message)}");
        }
    }

    private static JsonNode? Tree(JsonElement element, string path, ICollection<string> duplicates)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var map = new JsonObject();
                foreach (var property in element.EnumerateObject())
                {
                    var at = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
                    if (map.ContainsKey(property.Name))
                    {
                        duplicates.Add($"duplicate field \"{at}\"");
                    }

                    map[property.Name] = Tree(property.Value, at, duplicates);
                }

                return map;
            case JsonValueKind.Array:
                return new JsonArray([.. element.EnumerateArray().Select((item, index) => Tree(item, $"{path}[{index}]", duplicates))]);
            case JsonValueKind.Null:
                return null;
            default:
                return JsonValue.Create(element.Clone());
        }
    }

    /// <summary>The reader's sentence without the position that it appends.</summary>
    private static string Cause(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).TrimEnd('.', ' ');
    }
}
