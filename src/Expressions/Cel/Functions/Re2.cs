using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;

namespace Hikigane.Expressions.Cel.Functions;

/// <summary>
/// RE2 patterns on .NET's linear-time matcher: the syntax is read as Go's <c>regexp/syntax</c> reads it (its errors, its ASCII classes, its flags) and
/// written as the .NET pattern of the same meaning.
/// </summary>
public sealed class Re2
{
    // A pattern's automaton can take megabytes, and a pattern can come with an event.
    private const int CacheSize = 32;
    private static readonly ConcurrentDictionary<string, (Re2? Regex, string? Error)> Cache = new();

    private readonly Regex _regex;
    private readonly int _states;

    private Re2(Regex regex, int states, IReadOnlyList<string?> groups)
    {
        _regex = regex;
        _states = states;
        Groups = groups;
    }

    /// <summary>Names of the groups by number, from 1; null for one without a name.</summary>
    private IReadOnlyList<string?> Groups { get; }

    /// <summary>The pattern, or the error as Go prints it: <c>error parsing regexp: …</c>.</summary>
    public static (Re2? Regex, string? Error) Compile(string pattern)
    {
        if (Cache.TryGetValue(pattern, out var known))
        {
            return known;
        }

        var result = Translate(pattern);
        if (Cache.Count >= CacheSize)
        {
            Cache.Clear();
        }

        Cache[pattern] = result;
        return result;
    }

    /// <summary>What looking for it in a text costs at worst: every character may meet every state.</summary>
    public long Cost(string text) => 1 + (text.Length / 16) + (long)Math.Min((double)text.Length * _states / 64, long.MaxValue / 2);

    public bool IsMatch(string text) => _regex.IsMatch(text);

    /// <summary>Go's <c>ReplaceAllString</c> with its <c>$1</c>, <c>${name}</c> templates; null when <paramref name="pay"/> refuses the length of a piece.</summary>
    public string? ReplaceAll(string text, string template, Func<int, bool> pay)
    {
        var output = new StringBuilder();
        var at = 0;
        for (var match = _regex.Match(text); match.Success; match = match.NextMatch())
        {
            var piece = Expand(template, match, pay);
            if (piece is null || !pay(match.Index - at + piece.Length))
            {
                return null;
            }

            output.Append(text, at, match.Index - at).Append(piece);
            at = match.Index + match.Length;
        }

        return pay(text.Length - at) ? output.Append(text, at, text.Length - at).ToString() : null;
    }

    private static (Re2? Regex, string? Error) Translate(string pattern)
    {
        var (translated, groups, error) = Re2Syntax.Translate(pattern);
        if (error is not null)
        {
            return (null, "error parsing regexp: " + error);
        }

        try
        {
            return (new Re2(new Regex(translated!, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), States(translated!), groups), null);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return (null, $"error parsing regexp: expression too large or not supported: `{pattern}`");
        }
    }

    /// <summary>About how many states the pattern has: its length, times its largest counted repetition.</summary>
    private static int States(string pattern)
    {
        var most = 1;
        for (var open = pattern.IndexOf('{'); open >= 0; open = pattern.IndexOf('{', open + 1))
        {
            var number = 0;
            for (var i = open + 1; i < pattern.Length && (char.IsAsciiDigit(pattern[i]) || pattern[i] == ','); i++)
            {
                number = pattern[i] == ',' ? 0 : Math.Min((number * 10) + pattern[i] - '0', 1000);
                most = Math.Max(most, number);
            }
        }

        return (int)Math.Min((long)pattern.Length * most, 1_000_000);
    }

    private string? Expand(string template, Match match, Func<int, bool> pay)
    {
        var output = new StringBuilder();
        for (var i = 0; i < template.Length;)
        {
            if (template[i] != '$' || i + 1 >= template.Length)
            {
                output.Append(template[i++]);
                continue;
            }

            if (template[i + 1] == '$')
            {
                output.Append('$');
                i += 2;
                continue;
            }

            var isBraced = template[i + 1] == '{';
            var start = i + (isBraced ? 2 : 1);
            var end = start;
            while (end < template.Length && (char.IsLetterOrDigit(template[end]) || template[end] == '_'))
            {
                end++;
            }

            if (end == start || (isBraced && (end >= template.Length || template[end] != '}')))
            {
                output.Append(template[i++]);
                continue;
            }

            var group = Group(template[start..end], match);
            if (!pay(group.Length))
            {
                return null;
            }

            output.Append(group);
            i = end + (isBraced ? 1 : 0);
        }

        return output.ToString();
    }

    private string Group(string name, Match match)
    {
        if (int.TryParse(name, out var number))
        {
            return match.Groups[number.ToString(System.Globalization.CultureInfo.InvariantCulture)].Value;
        }

        for (var i = 0; i < Groups.Count; i++)
        {
            if (Groups[i] == name)
            {
                return match.Groups[(i + 1).ToString(System.Globalization.CultureInfo.InvariantCulture)].Value;
            }
        }

        return "";
    }
}
