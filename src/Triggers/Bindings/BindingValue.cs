using System.Text;
using Hikigane.Expressions.JsonPath;
using Hikigane.Expressions.Variables;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Triggers.Bindings;

/// <summary>A binding parameter's value, with its expressions parsed once.</summary>
public sealed class BindingValue
{
    private readonly (string Original, JsonPathExpression? Path)[] _segments;

    private BindingValue(string name, string source, (string, JsonPathExpression?)[] segments) => (Name, Source, _segments) = (name, source, segments);

    public string Name { get; }

    /// <summary>The value as it is written in the binding.</summary>
    public string Source { get; }

    public static BindingValue Parse(string name, string source) => new(name, source, [.. VariableText.Split(source)
        .Select(segment => (segment.Original, segment.IsExpression ? Path(segment.Text) : null))]);

    /// <summary>
    /// The value for an event. One pass: what the event holds is never read as an expression. A default stands in for each
    /// expression that fails, not for the whole value (as upstream).
    /// </summary>
    public (string? Text, string? Error, string? FailedExpression) Evaluate(EventPayload payload, string? fallback)
    {
        if (_segments is [(var only, null)])
        {
            return (only, null, null);
        }

        var text = new StringBuilder();
        foreach (var (original, path) in _segments)
        {
            if (path is null)
            {
                text.Append(original);
                continue;
            }

            // As upstream, an expression of nothing is nothing.
            var (value, error) = path.Source.Length == 0 && original == "$()" ? ("", null) : path.EvaluateToText(payload.Values, payload.Shapes);
            if (error is not null && fallback is null)
            {
                return (null, $"failed to replace JSONPath value for param {Name}: {Source}: {error}", original);
            }

            text.Append(error is null ? value : fallback);
        }

        return (text.ToString(), null, null);
    }

    private static JsonPathExpression Path(string expression)
    {
        const string header = "header.";
        return JsonPathExpression.ParseRelaxed(expression.StartsWith(header, StringComparison.Ordinal)
            ? header + EventHeaders.Canonical(expression[header.Length..])
            : expression);
    }
}
