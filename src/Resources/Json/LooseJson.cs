using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.Resources.Json;

/// <summary>Reads JSON that may be anything: an annotation, a result, a body.</summary>
public static class LooseJson
{
    /// <summary>The parsed text; null when it is not JSON.</summary>
    public static JsonNode? TryParse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
