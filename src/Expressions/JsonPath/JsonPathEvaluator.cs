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

/// <summary>
/// Steps over a value → results, or an error in upstream's words. As client-go's util/jsonpath/jsonpath.go; members of objects come in the order of their keys.
/// One evaluator serves one evaluation: it counts its steps, since a short path can visit a payload many times over.
/// </summary>
internal sealed class JsonPathEvaluator(IReadOnlyDictionary<JsonObject, GoShape> shapes)
{
    private const int MaxSteps = 2_000_000;

    private int _steps;

    /// <summary>Why there is no result. Not an exception: a filter meets one for every element that lacks a field.</summary>
    public string? Error { get; private set; }

    public List<JsonNode?> Walk(List<JsonNode?> values, IReadOnlyList<JsonPathNode> steps)
    {
        foreach (var step in steps)
        {
            values = Walk(values, step);
            if (Error is not null)
            {
                return [];
            }
        }

        return values;
    }

    private List<JsonNode?> Walk(List<JsonNode?> values, JsonPathNode step)
    {
        switch (step)
        {
            case JsonPathNode.Text text:
                return [JsonValue.Create(text.Value)];
            case JsonPathNode.Integer number:
                return [.. values.Select(_ => (JsonNode)JsonValue.Create(number.Value))];
            case JsonPathNode.Float number:
                return [.. values.Select(_ => (JsonNode)JsonValue.Create(number.Value))];
            case JsonPathNode.Bool flag:
                return [.. values.Select(_ => (JsonNode)JsonValue.Create(flag.Value))];
            case JsonPathNode.Field field:
                return Field(values, field.Name);
            case JsonPathNode.Wildcard:
                return Collected(values.SelectMany(Children));
            case JsonPathNode.Recursive:
                var results = new List<JsonNode?>();
                Recursive(values, results);
                return results;
            case JsonPathNode.Slice slice:
                return Slice(values, slice);
            case JsonPathNode.Union union:
                return Collected(union.Branches.SelectMany(branch => Walk(values, branch)));
            case JsonPathNode.Filter filter:
                return Filter(values, filter);
            case JsonPathNode.Identifier { Name: "range" }:
                return values;
            case JsonPathNode.Identifier word:
                return Fail(word.Name == "end" ? "not in range, nothing to end" : $"unrecognized identifier {word.Name}");
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private List<JsonNode?> Fail(string error)
    {
        Error ??= error;
        return [];
    }

    private bool Step()
    {
        if (++_steps > MaxSteps)
        {
            Error ??= $"the path takes more than {MaxSteps} steps";
        }

        return Error is null;
    }

    private List<JsonNode?> Collected(IEnumerable<JsonNode?> found) => [.. found.TakeWhile(_ => Step())];

    private List<JsonNode?> Field(List<JsonNode?> values, string name)
    {
        var results = new List<JsonNode?>();
        foreach (var value in values)
        {
            if (Step() && value is JsonObject members && (members.TryGetPropertyValue(name, out var member)
                || (shapes.TryGetValue(members, out var shape) && shape.FieldNames.TryGetValue(name, out var jsonName) && members.TryGetPropertyValue(jsonName, out member))))
            {
                results.Add(member);
            }
        }

        return results.Count > 0 || values.Count == 0 ? results : Fail($"{name} is not found");
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

    private void Recursive(IEnumerable<JsonNode?> values, List<JsonNode?> results)
    {
        foreach (var value in values)
        {
            if (!Step())
            {
                return;
            }

            using var children = Children(value).GetEnumerator();
            if (children.MoveNext())
            {
                results.Add(value);
                Recursive(Children(value), results);
            }
        }
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

            if (value is not JsonArray items)
            {
                return Fail($"{TypeName(value)} is not array or slice");
            }

            long length = items.Count;
            var start = slice.Start ?? 0;
            start = start < 0 ? start + length : start;
            var end = slice.End ?? length;
            end = end < 0 || (end == 0 && slice.IsIndex) ? end + length : end;
            if (start == end)
            {
                return results;
            }

            if (OutOfBounds(slice, start, end, length) is { } error)
            {
                return Fail(error);
            }

            for (var i = start; i < end && Step(); i += Math.Min(slice.Step ?? 1, length))
            {
                results.Add(items[(int)i]);
            }
        }

        return results;
    }

    private static string? OutOfBounds(JsonPathNode.Slice slice, long start, long end, long length) =>
        start >= length || start < 0 ? $"array index out of bounds: index {start}, length {length}"
        : end > length || end < 0 ? $"array index out of bounds: index {end - 1}, length {length}"
        : start > end ? $"starting index {start} is greater than ending index {end}"
        : slice.Step <= 0 ? "step must be > 0"
        : null;

    private List<JsonNode?> Filter(List<JsonNode?> values, JsonPathNode.Filter filter)
    {
        var results = new List<JsonNode?>();
        foreach (var value in values)
        {
            if (value is not JsonArray items)
            {
                return Fail($"{GoFormat.Of(value)} is not array or slice and cannot be filtered");
            }

            foreach (var item in items)
            {
                if (Step() && (filter.Operator == "exists" ? Exists(item, filter.Left) : Passes(item, filter)))
                {
                    results.Add(item);
                }
            }
        }

        return Error is null ? results : [];
    }

    private bool Exists(JsonNode? item, IReadOnlyList<JsonPathNode> steps)
    {
        var exists = Walk([item], steps).Count > 0;
        Error = _steps > MaxSteps ? Error : null;
        return exists;
    }

    private bool Passes(JsonNode? item, JsonPathNode.Filter filter)
    {
        var left = Walk([item], filter.Left);
        if (left.Count == 0)
        {
            return false;
        }

        var right = left.Count > 1 ? left : Walk([item], filter.Right);
        if (right.Count == 0)
        {
            return false;
        }

        var (holds, error) = right.Count == 1 ? JsonPathComparison.Holds(left[0], right[0], filter.Operator) : (false, "can only compare one element at a time");
        Error ??= error;
        return holds;
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
    private const string Invalid = "invalid type for comparison";

    public static (bool Holds, string? Error) Holds(JsonNode? left, JsonNode? right, string comparison)
    {
        if (Kind(left) is not { } kind)
        {
            return (false, Invalid);
        }

        if (comparison is not ("==" or "!=" or "<" or "<=" or ">" or ">="))
        {
            return (false, $"unrecognized filter operator {comparison}");
        }

        if (Kind(right) is not { } other)
        {
            return (false, Invalid);
        }

        if (kind != other)
        {
            return (false, "incompatible types for comparison");
        }

        var isEquality = comparison is "==" or "!=";
        return kind == 'b' && !isEquality ? (false, Invalid) : (comparison switch
        {
            "==" => Compare(left!, right!, kind) == 0,
            "!=" => Compare(left!, right!, kind) != 0,
            "<" => Compare(left!, right!, kind) < 0,
            "<=" => Compare(left!, right!, kind) <= 0,
            ">" => Compare(left!, right!, kind) > 0,
            _ => Compare(left!, right!, kind) >= 0,
        }, null);
    }

    private static int Compare(JsonNode left, JsonNode right, char kind) => kind switch
    {
        's' => string.CompareOrdinal(left.GetValue<string>(), right.GetValue<string>()),
        'i' => left.GetValue<long>().CompareTo(right.GetValue<long>()),
        'b' => left.GetValue<bool>().CompareTo(right.GetValue<bool>()),
        _ => left.GetValue<double>().CompareTo(right.GetValue<double>()),
    };

    private static char? Kind(JsonNode? node) => node is not JsonValue value ? null
        : value.GetValueKind() switch
        {
            JsonValueKind.String => 's',
            JsonValueKind.Number => value.TryGetValue<long>(out _) ? 'i' : 'f',
            _ => 'b',
        };
}
