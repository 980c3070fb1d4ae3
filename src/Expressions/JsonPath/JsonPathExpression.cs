using System.Collections.Frozen;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;

namespace Hikigane.Expressions.JsonPath;

/// <summary>
/// A path in kubectl's dialect of JSONPath, parsed once and used for every event. A text that does not parse is a value too:
/// evaluating it gives its error, since a parameter's default stands in for any error.
/// </summary>
public sealed class JsonPathExpression
{
    private static readonly FrozenDictionary<JsonObject, GoShape> NoShapes = FrozenDictionary<JsonObject, GoShape>.Empty;

    private const int MaxText = 64 << 20;

    private readonly IReadOnlyList<JsonPathNode> _steps;

    private JsonPathExpression(string source, IReadOnlyList<JsonPathNode> steps, string? error) => (Source, _steps, Error) = (source, steps, error);

    /// <summary>The path as it was written, without what encloses it.</summary>
    public string Source { get; }

    /// <summary>Why the text is no path; null when it is one.</summary>
    public string? Error { get; }

    /// <summary>Parses the inside of <c>{…}</c>, leading dot included.</summary>
    public static JsonPathExpression Parse(string inner)
    {
        try
        {
            return new JsonPathExpression(inner, JsonPathParser.ParseAction(inner), null);
        }
        catch (FormatException exception)
        {
            return new JsonPathExpression(inner, [], exception.Message);
        }
    }

    /// <summary>
    /// Parses the relaxed form that Triggers and kubectl accept: <c>a.b</c>, <c>.a.b</c>, <c>{a.b}</c> and <c>{.a.b}</c> are the same.
    /// </summary>
    public static JsonPathExpression ParseRelaxed(string path)
    {
        var inner = path is ['{', .., '}'] ? path[1..^1] : path;
        inner = inner is ['.', _, ..] ? inner[1..] : inner;
        return inner.Length > 0 && !inner.AsSpan().ContainsAny('{', '}')
            ? Parse("." + inner)
            : new JsonPathExpression(path, [], "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'");
    }

    /// <summary>All results over a value, or an error. The results belong to the value: copy before changing.</summary>
    public (IReadOnlyList<JsonNode?> Results, string? Error) Evaluate(JsonNode? root, IReadOnlyDictionary<JsonObject, GoShape>? shapes = null)
    {
        if (Error is not null)
        {
            return ([], Error);
        }

        var evaluator = new JsonPathEvaluator(shapes ?? NoShapes);
        var results = evaluator.Walk([root], _steps);
        return evaluator.Error is { } error ? ([], error) : (results, null);
    }

    /// <summary>
    /// The results as Triggers writes them into a parameter: one string without its quotes, one other value as JSON, none or
    /// several as a JSON list.
    /// </summary>
    public (string? Text, string? Error) EvaluateToText(JsonNode? root, IReadOnlyDictionary<JsonObject, GoShape>? shapes = null)
    {
        var (results, error) = Evaluate(root, shapes);
        if (error is not null)
        {
            return (null, error);
        }

        if (results is [var only])
        {
            var alone = GoJsonWriter.Write(only);
            return (alone.StartsWith('"') ? alone[1..^1] : alone, null);
        }

        // Results can lie within each other, so together they can be far longer than the payload.
        var text = new StringBuilder("[");
        foreach (var result in results)
        {
            text.Append(text.Length == 1 ? "" : ",").Append(GoJsonWriter.Write(result));
            if (text.Length > MaxText)
            {
                return (null, $"the results are longer than {MaxText} characters");
            }
        }

        return (text.Append(']').ToString(), null);
    }
}
