using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;

namespace Hikigane.Expressions.JsonPath;

/// <summary>
/// How a value looks to Go where its JSON does not tell: the name of its type in errors, and the Go names of a struct's fields,
/// by which they can be reached too.
/// </summary>
public sealed record GoShape(string TypeName, IReadOnlyDictionary<string, string> FieldNames);

/// <summary>Steps over a value → results, or an error in upstream's words. As client-go's util/jsonpath/jsonpath.go; members of objects come in the order of their keys.</summary>
internal sealed class JsonPathEvaluator(IReadOnlyDictionary<JsonObject, GoShape> shapes)
{
    public List<JsonNode?> Walk(List<JsonNode?> values, IReadOnlyList<JsonPathNode> steps)
    {
        foreach (var step in steps)
        {
            values = Walk(values, step);
        }

        return values;
    }

    private List<JsonNode?> Walk(List<JsonNode?> values, JsonPathNode step) => step switch
    {
        JsonPathNode.Text text => [JsonValue.Create(text.Value)],
        JsonPathNode.Integer number => [.. values.Select(_ => (JsonNode)JsonValue.Create(number.Value))],
        JsonPathNode.Float number => [.. values.Select(_ => (JsonNode)JsonValue.Create(number.Value))],
        JsonPathNode.Bool flag => [.. values.Select(_ => (JsonNode)JsonValue.Create(flag.Value))],
        JsonPathNode.Field field => Field(values, field.Name),
        JsonPathNode.Wildcard => [.. values.SelectMany(Children)],
        JsonPathNode.Recursive => Recursive(values),
        JsonPathNode.Slice slice => Slice(values, slice),
        JsonPathNode.Union union => [.. union.Branches.SelectMany(branch => Walk(values, branch))],
        JsonPathNode.Filter filter => Filter(values, filter),
        JsonPathNode.Identifier { Name: "end" } => throw new FormatException("not in range, nothing to end"),
        JsonPathNode.Identifier { Name: "range" } => values,
        JsonPathNode.Identifier word => throw new FormatException($"unrecognized identifier {word.Name}"),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private List<JsonNode?> Field(List<JsonNode?> values, string name)
    {
        var results = new List<JsonNode?>();
        foreach (var value in values.OfType<JsonObject>())
        {
            if (value.TryGetPropertyValue(name, out var member)
                || (shapes.TryGetValue(value, out var shape) && shape.FieldNames.TryGetValue(name, out var jsonName) && value.TryGetPropertyValue(jsonName, out member)))
            {
                results.Add(member);
            }
        }

        return results.Count > 0 || values.Count == 0 ? results : throw new FormatException($"{name} is not found");
    }

    /// <summary>Members, elements, or the bytes of a string.</summary>
    private IEnumerable<JsonNode?> Children(JsonNode? value) => value switch
    {
        JsonObject members when shapes.TryGetValue(members, out var shape) && shape.FieldNames.Count > 0 => members.Select(pair => pair.Value),
        JsonObject members => members.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value),
        JsonArray items => items,
        JsonValue text when text.GetValueKind() == JsonValueKind.String => Encoding.UTF8.GetBytes(text.GetValue<string>()).Select(one => (JsonNode)JsonValue.Create((long)one)),
        _ => [],
    };

    private List<JsonNode?> Recursive(IEnumerable<JsonNode?> values)
    {
        var results = new List<JsonNode?>();
        foreach (var value in values)
        {
            var children = Children(value).ToList();
            if (children.Count > 0)
            {
                results.Add(value);
                results.AddRange(Recursive(children));
            }
        }

        return results;
    }

    private List<JsonNode?> Slice(List<JsonNode?> values, JsonPathNode.Slice slice)
    {
        var results = new List<JsonNode?>();
        foreach (var value in values)
        {
            if (value is null)
            {
                continue;
            }

            var items = value as JsonArray ?? throw new FormatException($"{TypeName(value)} is not array or slice");
            long length = items.Count;
            var start = slice.Start ?? 0;
            start = start < 0 ? start + length : start;
            var end = slice.End ?? length;
            end = end < 0 || (end == 0 && slice.IsIndex) ? end + length : end;
            if (start == end)
            {
                return results;
            }

            if (start >= length || start < 0)
            {
                throw new FormatException($"array index out of bounds: index {start}, length {length}");
            }

            if (end > length || end < 0)
            {
                throw new FormatException($"array index out of bounds: index {end - 1}, length {length}");
            }

            if (start > end)
            {
                throw new FormatException($"starting index {start} is greater than ending index {end}");
            }

            if (slice.Step <= 0)
            {
                throw new FormatException("step must be > 0");
            }

            for (var i = start; i < end; i += Math.Min(slice.Step ?? 1, length))
            {
                results.Add(items[(int)i]);
            }
        }

        return results;
    }

    private List<JsonNode?> Filter(List<JsonNode?> values, JsonPathNode.Filter filter)
    {
        var results = new List<JsonNode?>();
        foreach (var value in values)
        {
            var items = value as JsonArray ?? throw new FormatException($"{GoFormat.Of(value)} is not array or slice and cannot be filtered");
            foreach (var item in items)
            {
                if (filter.Operator == "exists" ? Exists(item, filter.Left) : Passes(item, filter))
                {
                    results.Add(item);
                }
            }
        }

        return results;
    }

    private bool Exists(JsonNode? item, IReadOnlyList<JsonPathNode> steps)
    {
        try
        {
            return Walk([item], steps).Count > 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private bool Passes(JsonNode? item, JsonPathNode.Filter filter)
    {
        var left = Walk([item], filter.Left);
        if (left.Count == 0)
        {
            return false;
        }

        var right = left.Count > 1 ? left : Walk([item], filter.Right);
        return right.Count != 0 && (right.Count == 1
            ? JsonPathComparison.Holds(left[0], right[0], filter.Operator)
            : throw new FormatException("can only compare one element at a time"));
    }

    private string TypeName(JsonNode value) => value switch
    {
        JsonObject members => shapes.TryGetValue(members, out var shape) ? shape.TypeName : "map[string]interface {}",
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => ((JsonValue)value).TryGetValue<long>(out _) ? "int" : "float64",
            _ => "bool",
        },
    };
}

/// <summary>Comparisons of a filter, as Go's text/template compares: kinds have to agree, and a whole literal is no float.</summary>
internal static class JsonPathComparison
{
    public static bool Holds(JsonNode? left, JsonNode? right, string comparison)
    {
        var kind = Kind(left);
        return comparison switch
        {
            "==" => AreEqual(),
            "!=" => !AreEqual(),
            "<" => Order() < 0,
            "<=" => Order() <= 0,
            ">" => Order() > 0,
            ">=" => Order() >= 0,
            _ => throw new FormatException($"unrecognized filter operator {comparison}"),
        };

        bool AreEqual()
        {
            Agree();
            return kind == 'b' ? left!.GetValue<bool>() == right!.GetValue<bool>() : Compare() == 0;
        }

        int Order()
        {
            Agree();
            return kind == 'b' ? throw new FormatException("invalid type for comparison") : Compare();
        }

        void Agree()
        {
            if (kind != Kind(right))
            {
                throw new FormatException("incompatible types for comparison");
            }
        }

        int Compare() => kind switch
        {
            's' => string.CompareOrdinal(left!.GetValue<string>(), right!.GetValue<string>()),
            'i' => left!.GetValue<long>().CompareTo(right!.GetValue<long>()),
            _ => left!.GetValue<double>().CompareTo(right!.GetValue<double>()),
        };
    }

    private static char Kind(JsonNode? node) => node is not JsonValue value ? throw new FormatException("invalid type for comparison")
        : value.GetValueKind() switch
        {
            JsonValueKind.String => 's',
            JsonValueKind.Number => value.TryGetValue<long>(out _) ? 'i' : 'f',
            _ => 'b',
        };
}
