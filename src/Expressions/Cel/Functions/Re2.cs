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
    private const int CacheSize = 1024;
    private static readonly ConcurrentDictionary<string, (Re2? Regex, string? Error)> Cache = new();

    private readonly Regex _regex;

    private Re2(Regex regex, IReadOnlyList<string?> groups)
    {
        _regex = regex;
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

    public bool IsMatch(string text) => _regex.IsMatch(text);

    /// <summary>Go's <c>ReplaceAllString</c> with its <c>$1</c>, <c>${name}</c> templates.</summary>
    public string ReplaceAll(string text, string template) => _regex.Replace(text, match => Expand(template, match));

    private static (Re2? Regex, string? Error) Translate(string pattern)
    {
        var (translated, groups, error) = Re2Syntax.Translate(pattern);
        if (error is not null)
        {
            return (null, "error parsing regexp: " + error);
        }

        try
        {
            return (new Re2(new Regex(translated!, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), groups), null);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return (null, $"error parsing regexp: expression too large or not supported: `{pattern}`");
        }
    }

    private string Expand(string template, Match match)
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

            output.Append(Group(template[start..end], match));
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
