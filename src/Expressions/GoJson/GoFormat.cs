using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.Expressions.GoJson;

/// <summary>A value as Go's <c>%v</c> prints it.</summary>
public static class GoFormat
{
    public static string Of(JsonNode? node) => node switch
    {
        null => "<nil>",
        JsonObject members => $"map[{string.Join(' ', members.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}:{Of(pair.Value)}"))}]",
        JsonArray items => $"[{string.Join(' ', items.Select(Of))}]",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number && value.TryGetValue<double>(out var number) && !value.TryGetValue<long>(out _) => Float(number),
        _ => node.ToJsonString(),
    };

    private static string Float(double number)
    {
        if (number == 0 || Math.Abs(number) is >= 1e-4 and < 1e21)
        {
            return GoNumber.Json(number);
        }

        var parts = number.ToString("E16", CultureInfo.InvariantCulture).Split('E');
        var mantissa = number.ToString("R", CultureInfo.InvariantCulture).Split('E')[0];
        var exponent = int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return $"{mantissa}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent):00}";
    }
}
