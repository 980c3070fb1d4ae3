using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Triggers.Verdicts;

/// <summary>Why a CEL filter did not let an event through: which part of it decided, and with which values.</summary>
internal static class FilterVerdict
{
    private const int MostKeys = 12;

    /// <summary>The filter is false, or gave something that is neither true nor false.</summary>
    public static (string Code, string Explain, string Fix) NotTrue(IReadOnlyList<EvaluatedExpression> terms)
    {
        if (terms.Count > 0 && terms[0].Value is { } whole and not ("true" or "false"))
        {
            return (Causes.FilterNotBool, $"The expression returned {KindOf(whole)}, not true/false: `{Shortened(whole)}`.", "Compare the value with something, so that the filter is true or false.");
        }

        var decisive = Decisive(terms);
        if (decisive < 0)
        {
            return (Causes.FilterFalse, "Filter said no.", "Edit the filter and test it against this event.");
        }

        var values = Operands(terms, decisive).Where(term => term.Value is not null && term.Source != term.Value && !IsLiteral(term.Source))
            .Select(term => $"{term.Source} is {Shortened(term.Value!)}").Distinct().ToList();
        return (
            Causes.FilterFalse,
            $"Filter said no. `{terms[decisive].Source}` is false{(values.Count == 0 ? "." : $": {string.Join(", ", values)}.")}",
            "Edit the filter and test it against this event.");
    }

    /// <summary>The filter could not be evaluated: often because the payload has no such field.</summary>
    public static (string Code, string Explain, string Fix) Failed(IReadOnlyList<EvaluatedExpression> terms, string message, ReceivedEvent received)
    {
        var failed = terms.Where(term => term.IsError).OrderByDescending(term => term.Depth).FirstOrDefault();
        var isMissing = message.Contains("no such key", StringComparison.Ordinal);
        if (failed is null)
        {
            return (Causes.FilterError, "Filter could not be evaluated: the expression is not valid.", "Correct the expression; `hikigane eval cel` tries it.");
        }

        if (!isMissing)
        {
            return (Causes.FilterError, $"Filter could not be evaluated. `{failed.Source}`: {failed.Value}.", "Correct the expression.");
        }

        var (missing, keys) = Missing(failed.Source, received);
        var present = keys.Count == 0 ? "" : $" (keys present: {string.Join(", ", keys.Take(MostKeys))}{(keys.Count > MostKeys ? ", …" : "")})";
        return (Causes.FilterError, $"Filter could not be evaluated. `{missing}` does not exist in this payload{present}.", $"Guard with `has({missing})`.");
    }

    /// <summary>The deepest false part that makes its surroundings false: below a <c>!</c> or a <c>||</c> falsehood decides nothing by itself.</summary>
    private static int Decisive(IReadOnlyList<EvaluatedExpression> terms)
    {
        var at = terms.Count > 0 && terms[0].Value == "false" ? 0 : -1;
        while (at >= 0)
        {
            var next = -1;
            foreach (var child in Children(terms, at))
            {
                if (terms[child].Value == "false" && terms[at].Source.Contains("&&", StringComparison.Ordinal))
                {
                    next = child;
                    break;
                }
            }

            if (next < 0)
            {
                return at;
            }

            at = next;
        }

        return -1;
    }

    private static IEnumerable<EvaluatedExpression> Operands(IReadOnlyList<EvaluatedExpression> terms, int parent) =>
        Leaves(terms, parent).Select(index => terms[index]);

    /// <summary>The operands of a comparison, and those of the comparisons below <c>||</c> and <c>!</c>.</summary>
    private static IEnumerable<int> Leaves(IReadOnlyList<EvaluatedExpression> terms, int parent)
    {
        foreach (var child in Children(terms, parent))
        {
            if (terms[child].Value is "true" or "false" && Children(terms, child).Any())
            {
                foreach (var leaf in Leaves(terms, child))
                {
                    yield return leaf;
                }
            }
            else
            {
                yield return child;
            }
        }
    }

    private static IEnumerable<int> Children(IReadOnlyList<EvaluatedExpression> terms, int parent)
    {
        for (var i = parent + 1; i < terms.Count && terms[i].Depth > terms[parent].Depth; i++)
        {
            if (terms[i].Depth == terms[parent].Depth + 1)
            {
                yield return i;
            }
        }
    }

    private static bool IsLiteral(string source) => source.Length > 0 && (source[0] is '\'' or '"' or '-' || char.IsAsciiDigit(source[0]));

    /// <summary>The first step of a path that the payload does not have, and the names that stand there instead.</summary>
    private static (string Path, IReadOnlyList<string> Keys) Missing(string source, ReceivedEvent received)
    {
        var segments = source.Split('.');
        if (segments[0] != "body")
        {
            return (source, []);
        }

        JsonNode? node;
        try
        {
            node = JsonNode.Parse(received.Body.Span);
        }
        catch (JsonException)
        {
            return (source, []);
        }

        for (var i = 1; i < segments.Length && node is JsonObject members; i++)
        {
            if (!members.TryGetPropertyValue(segments[i], out node))
            {
                return (string.Join('.', segments.Take(i + 1)), [.. members.Select(pair => pair.Key)]);
            }
        }

        return (source, []);
    }

    private static string KindOf(string json) => json.Length == 0 ? "nothing" : json[0] switch
    {
        '"' => "a string",
        '[' => "a list",
        '{' => "a map",
        'n' => "null",
        _ => "a number",
    };

    private static string Shortened(string value) => value.Length <= 120 ? value : value[..119] + "…";
}
