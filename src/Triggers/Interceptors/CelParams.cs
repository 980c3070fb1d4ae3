using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.Triggers.Interceptors;

/// <summary>The params of the <c>cel</c> interceptor. Member names match without regard to case, as Go's.</summary>
internal sealed record CelParams(string Filter, IReadOnlyList<(string Key, string Expression)> Overlays)
{
    public static (CelParams? Params, string? Problem) Read(JsonObject? given)
    {
        var filter = "";
        var overlays = new List<(string, string)>();
        foreach (var (name, value) in given ?? [])
        {
            if (value is null)
            {
                continue;
            }

            if (name.Equals("filter", StringComparison.OrdinalIgnoreCase))
            {
                if (Text(value) is not { } text)
                {
                    return Wrong(value, "field InterceptorParams.filter of type string");
                }

                filter = text;
            }
            else if (name.Equals("overlays", StringComparison.OrdinalIgnoreCase))
            {
                if (value is not JsonArray list)
                {
                    return Wrong(value, "field InterceptorParams.overlays of type []cel.Overlay");
                }

                overlays.Clear();
                foreach (var entry in list)
                {
                    var (overlay, problem) = Overlay(entry);
                    if (problem is not null)
                    {
                        return (null, problem);
                    }

                    overlays.Add(overlay);
                }
            }
        }

        return (new CelParams(filter, overlays), null);
    }

    private static ((string Key, string Expression) Overlay, string? Problem) Overlay(JsonNode? entry)
    {
        var (key, expression) = ("", "");
        if (entry is not null and not JsonObject)
        {
            return (default, Wrong(entry, "field InterceptorParams.overlays of type cel.Overlay").Problem);
        }

        foreach (var (name, value) in entry as JsonObject ?? [])
        {
            var isKey = name.Equals("key", StringComparison.OrdinalIgnoreCase);
            if (value is null || (!isKey && !name.Equals("expression", StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            if (Text(value) is not { } text)
            {
                return (default, Wrong(value, $"field Overlay.overlays.{(isKey ? "key" : "expression")} of type string").Problem);
            }

            (key, expression) = isKey ? (text, expression) : (key, text);
        }

        return ((key, expression), null);
    }

    private static string? Text(JsonNode value) => value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static (CelParams? Params, string Problem) Wrong(JsonNode value, string where) =>
        (null, $"invalid json: json: cannot unmarshal {KindName(value)} into Go struct {where}");

    internal static string KindName(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        JsonValueKind.True or JsonValueKind.False => "bool",
        _ => "number",
    };
}
