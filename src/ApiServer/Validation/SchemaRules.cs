using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.ApiServer.Rest;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>
/// Checks an object against the <c>openAPIV3Schema</c> of its definition, all problems at once, worded as apiextensions-apiserver words them:
/// <c>spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"</c>.
/// </summary>
internal sealed class SchemaRules
{
    private static readonly TimeSpan PatternPatience = TimeSpan.FromMilliseconds(100);

    private readonly List<FieldProblem> found = [];

    public static IReadOnlyList<FieldProblem> Check(JsonObject manifest, JsonObject schema)
    {
        var rules = new SchemaRules();
        rules.Value(manifest, schema, "");
        return rules.found;
    }

    private void Value(JsonNode? value, JsonObject schema, string path)
    {
        if (value is null)
        {
            if (!schema.Flag("nullable") && schema.Text("type") is { } wanted)
            {
                WrongType(path, wanted, "null");
            }

            return;
        }

        if (!HasType(value, schema))
        {
            WrongType(path, schema.Flag("x-kubernetes-int-or-string") ? "integer,string" : schema.Text("type")!, TypeOf(value));
            return;
        }

        Enumeration(value, schema, path);
        switch (value)
        {
            case JsonObject map:
                Object(map, schema, path);
                break;
            case JsonArray list:
                List(list, schema, path);
                break;
            case JsonValue when value.Text() is { } text:
                Text(text, schema, path);
                break;
            case JsonValue number when number.GetValueKind() == JsonValueKind.Number:
                Number(number, schema, path);
                break;
        }
    }

    private void Object(JsonObject map, JsonObject schema, string path)
    {
        foreach (var required in schema.Items("required").Select(one => one.Text()).OfType<string>().Where(name => !map.ContainsKey(name)))
        {
            found.Add(new(Join(path, required), "Required value", "FieldValueRequired"));
        }

        Count(map.Count, schema, "minProperties", "maxProperties", path, "properties");
        foreach (var (name, item) in map)
        {
            if ((schema.Object("properties", name) ?? schema["additionalProperties"]) is JsonObject inner && !(path.Length == 0 && name == "metadata"))
            {
                Value(item, inner, Join(path, name));
            }
        }
    }

    private void List(JsonArray list, JsonObject schema, string path)
    {
        Count(list.Count, schema, "minItems", "maxItems", path, "items");
        if (schema.Object("items") is not { } items)
        {
            return;
        }

        var keys = schema.Items("x-kubernetes-list-map-keys").Select(key => key.Text() ?? "").ToList();
        var seen = new HashSet<string>();
        foreach (var (index, item) in list.Index())
        {
            Value(item, items, $"{path}[{index}]");
            var identity = schema.Text("x-kubernetes-list-type") switch
            {
                "map" => string.Join('\n', keys.Select(key => item.At(key)?.ToJsonString())),
                "set" => item?.ToJsonString(),
                _ => null,
            };
            if (identity is not null && !seen.Add(identity))
            {
                found.Add(new($"{path}[{index}]", $"Duplicate value: {Shown(item)}", "FieldValueDuplicate"));
            }
        }
    }

    private void Text(string text, JsonObject schema, string path)
    {
        if (schema.Integer("minLength") is { } least && text.Length < least)
        {
            Invalid(path, $"\"{text}\"", $"should be at least {least} chars long");
        }

        if (schema.Integer("maxLength") is { } most && text.Length > most)
        {
            found.Add(new(path, $"Too long: may not be more than {most} bytes", "FieldValueTooLong"));
        }

        if (schema.Text("pattern") is { } pattern && !Matches(text, pattern))
        {
            Invalid(path, $"\"{text}\"", $"should match '{pattern}'");
        }

        if (schema.Text("format") == "date-time" && !DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out _))
        {
            Invalid(path, $"\"{text}\"", $"must be of type date-time: \"{text}\"");
        }
    }

    private void Number(JsonValue number, JsonObject schema, string path)
    {
        var amount = decimal.TryParse(number.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var read) ? read : 0;
        if (Bound(schema, "minimum") is { } least && (amount < least || (amount == least && schema.Flag("exclusiveMinimum"))))
        {
            Invalid(path, number.ToJsonString(), $"should be greater than{(schema.Flag("exclusiveMinimum") ? "" : " or equal to")} {least}");
        }

        if (Bound(schema, "maximum") is { } most && (amount > most || (amount == most && schema.Flag("exclusiveMaximum"))))
        {
            Invalid(path, number.ToJsonString(), $"should be less than{(schema.Flag("exclusiveMaximum") ? "" : " or equal to")} {most}");
        }
    }

    private void Enumeration(JsonNode value, JsonObject schema, string path)
    {
        if (schema["enum"] is JsonArray allowed && !allowed.Any(one => JsonNode.DeepEquals(one, value)))
        {
            found.Add(new(path, $"Unsupported value: {Shown(value)}: supported values: {string.Join(", ", allowed.Select(Shown))}", "FieldValueNotSupported"));
        }
    }

    private void Count(int count, JsonObject schema, string leastField, string mostField, string path, string what)
    {
        if (schema.Integer(leastField) is { } least && count < least)
        {
            Invalid(path, count.ToString(), $"should have at least {least} {what}");
        }

        if (schema.Integer(mostField) is { } most && count > most)
        {
            found.Add(new(path, $"Too many: {count}: must have at most {most} items", "FieldValueTooMany"));
        }
    }

    private static bool HasType(JsonNode value, JsonObject schema) => schema.Text("type") switch
    {
        _ when schema.Flag("x-kubernetes-int-or-string") => TypeOf(value) is "integer" or "string",
        null => true,
        "number" => TypeOf(value) is "number" or "integer",
        var type => TypeOf(value) == type,
    };

    private static string TypeOf(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => IsWhole(value.ToJsonString()) ? "integer" : "number",
    };

    /// <summary><c>5.0</c> is an integer, <c>2.5</c> is not.</summary>
    private static bool IsWhole(string number) =>
        !number.AsSpan().ContainsAny(".eE")
        || (decimal.TryParse(number, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var read) && decimal.Truncate(read) == read);

    private void WrongType(string path, string wanted, string given) => Invalid(path, $"\"{given}\"", $"must be of type {wanted}: \"{given}\"");

    private void Invalid(string path, string shown, string what) => found.Add(new(path, $"Invalid value: {shown}: {path} in body {what}"));

    private static decimal? Bound(JsonObject schema, string field) =>
        schema[field] is { } bound && decimal.TryParse(bound.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var read)
            ? read : null;

    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, PatternPatience);
        }
        catch (Exception exception) when (exception is ArgumentException or RegexMatchTimeoutException)
        {
            // A pattern that cannot be read refuses nothing; that is the definition's fault, not the object's.
            return true;
        }
    }

    private static string Shown(JsonNode? value) => value.Text() is { } text ? $"\"{text}\"" : value?.ToJsonString() ?? "null";

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
