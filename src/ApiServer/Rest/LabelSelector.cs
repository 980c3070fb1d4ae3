using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>The label selector grammar: <c>a=b, a==b, a!=b, a in (x,y), a notin (x), a, !a</c>. As apimachinery pkg/labels.</summary>
internal static class LabelSelector
{
    public static IEnumerable<Func<JsonObject, bool>> Parse(string text)
    {
        var tests = new List<Func<JsonObject, bool>>();
        var at = 0;
        while (true)
        {
            Skip(text, ref at);
            if (at >= text.Length)
            {
                return tests;
            }

            tests.Add(Requirement(text, ref at));
            Skip(text, ref at);
            if (at < text.Length && text[at++] != ',')
            {
                throw Unparsable(text, $"found '{text[at - 1]}', expected: ',' or 'end of string'");
            }
        }
    }

    private static Func<JsonObject, bool> Requirement(string text, ref int at)
    {
        if (text[at] == '!')
        {
            at++;
            var absent = Word(text, ref at, "identifier");
            return one => one.Label(absent) is null;
        }

        var key = Word(text, ref at, "identifier");
        Skip(text, ref at);
        if (at >= text.Length || text[at] == ',')
        {
            return one => one.Label(key) is not null;
        }

        if (text[at] is '=' or '!')
        {
            return Comparison(text, ref at, key);
        }

        var start = at;
        var word = Word(text, ref at, "operator");
        if (word is not ("in" or "notin"))
        {
            throw Unparsable(text, $"found '{text[start..at]}', expected: in, notin, =, ==, !=, gt, lt");
        }

        var values = Values(text, ref at);
        return word == "in"
            ? one => one.Label(key) is { } value && values.Contains(value)
            : one => one.Label(key) is not { } value || !values.Contains(value);
    }

    private static Func<JsonObject, bool> Comparison(string text, ref int at, string key)
    {
        var isNegative = text[at++] == '!';
        if (at < text.Length && text[at] == '=')
        {
            at++;
        }
        else if (isNegative)
        {
            throw Unparsable(text, "found '!', expected: in, notin, =, ==, !=, gt, lt");
        }

        Skip(text, ref at);
        var value = at < text.Length && text[at] != ',' ? Word(text, ref at, "identifier") : "";
        return isNegative ? one => one.Label(key) != value : one => one.Label(key) == value;
    }

    private static HashSet<string> Values(string text, ref int at)
    {
        Skip(text, ref at);
        if (at >= text.Length || text[at++] != '(')
        {
            throw Unparsable(text, "expected: '('");
        }

        var values = new HashSet<string>();
        while (true)
        {
            Skip(text, ref at);
            values.Add(at < text.Length && text[at] is not (',' or ')') ? Word(text, ref at, "identifier") : "");
            Skip(text, ref at);
            if (at >= text.Length || text[at] is not (',' or ')'))
            {
                throw Unparsable(text, "expected: ',' or ')'");
            }

            if (text[at++] == ')')
            {
                return values;
            }
        }
    }

    private static string Word(string text, ref int at, string expected)
    {
        Skip(text, ref at);
        var start = at;
        while (at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] is not ('=' or '!' or ',' or '(' or ')' or '>' or '<'))
        {
            at++;
        }

        return at > start ? text[start..at] : throw Unparsable(text, $"found '{(at < text.Length ? text[at] : ' ')}', expected: {expected}");
    }

    private static void Skip(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }
    }

    private static Kube.KubeException Unparsable(string text, string why) =>
        Errors.BadRequest($"unable to parse requirement: {why}: {text}");
}
