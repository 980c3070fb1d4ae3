using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikigane.Pipelines.Variables;

/// <summary>
/// Value of a param or a result: a string, an array or an object of strings. What fits none of them is kept as its JSON text, as
/// upstream's decoder does (<c>true</c> reads as the string "true").
/// </summary>
public abstract record ParamValue
{
    private ParamValue()
    {
    }

    public sealed record Text(string Value) : ParamValue;

    public sealed record List(IReadOnlyList<string> Values) : ParamValue;

    public sealed record Map(IReadOnlyDictionary<string, string> Values) : ParamValue;

    /// <summary><c>string</c>, <c>array</c> or <c>object</c>.</summary>
    public string Type => this switch
    {
        List => "array",
        Map => "object",
        _ => "string",
    };

    /// <summary>The string, or the empty string for the other types, as upstream's <c>StringVal</c>.</summary>
    public string AsText => this is Text text ? text.Value : "";

    public static ParamValue Read(JsonNode? node) => node switch
    {
        JsonValue value when value.GetValueKind() == JsonValueKind.String => new Text(value.GetValue<string>()),
        JsonArray array when array.All(IsString) => new List([.. array.Select(item => item!.GetValue<string>())]),
        JsonObject map when map.All(pair => IsString(pair.Value)) =>
            new Map(map.ToDictionary(pair => pair.Key, pair => pair.Value!.GetValue<string>())),
        null => new Text(""),
        _ => new Text(JsonText.Write(node)),
    };

    /// <summary>Reads the text of a result file: an array or an object where it is one, else the text itself.</summary>
    public static ParamValue Parse(string text)
    {
        var trimmed = text.TrimStart();
        if (text.Length == 0 || trimmed.Length == 0 || (text[0] != '[' && text[0] != '{' && text[0] != '"'))
        {
            return new Text(text);
        }

        try
        {
            return JsonNode.Parse(text) switch
            {
                JsonArray array when array.All(IsString) => Read(array),
                JsonObject map when map.All(pair => IsString(pair.Value)) => Read(map),
                JsonValue value when value.GetValueKind() == JsonValueKind.String => Read(value),
                _ => new Text(text),
            };
        }
        catch (JsonException)
        {
            return new Text(text);
        }
    }

    public JsonNode ToJson() => this switch
    {
        List list => new JsonArray([.. list.Values.Select(value => (JsonNode)value)]),
        Map map => new JsonObject(map.Values.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        Text text => text.Value,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>
    /// Replaces variables. A string that is exactly a reference to an array or an object becomes that array or object.
    /// </summary>
    public ParamValue Substitute(Replacements replacements)
    {
        switch (this)
        {
            case List list:
                return new List([.. list.Values.SelectMany(value => Substitution.ApplyToElement(value, replacements))]);
            case Map map:
                return new Map(map.Values.ToDictionary(pair => pair.Key, pair => Substitution.Apply(pair.Value, replacements.Strings)));
            default:
                var text = AsText;
                if (Substitution.ExactName(text) is { } name && !replacements.Strings.ContainsKey(name))
                {
                    if (replacements.Arrays.TryGetValue(name, out var elements))
                    {
                        return new List(elements);
                    }

                    if (replacements.Objects.TryGetValue(name, out var members))
                    {
                        return new Map(members);
                    }
                }

                return new Text(Substitution.Apply(text, replacements.Strings));
        }
    }

    private static bool IsString(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String;
}
