using System.Text;

namespace Hikigane.Pipelines.Variables;

/// <summary>
/// Literal replacement of <c>$(name)</c> in one pass: what stands in a value is not looked at again, an unknown name stays as it is.
/// As tektoncd/pipeline pkg/substitution.
/// </summary>
public static class Substitution
{
    /// <summary>Replaces every known <c>$(name)</c>.</summary>
    public static string Apply(string text, IReadOnlyDictionary<string, string> values)
    {
        var start = text.IndexOf("$(", StringComparison.Ordinal);
        if (start < 0 || values.Count == 0)
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        var copied = 0;
        while (start >= 0)
        {
            var end = text.IndexOf(')', start);
            if (end < 0)
            {
                break;
            }

            if (values.TryGetValue(text[(start + 2)..end], out var value))
            {
                result.Append(text, copied, start - copied).Append(value);
                copied = end + 1;
                start = text.IndexOf("$(", copied, StringComparison.Ordinal);
            }
            else
            {
                start = text.IndexOf("$(", start + 1, StringComparison.Ordinal);
            }
        }

        return result.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>
    /// An element of a list: exactly <c>$(array)</c> or <c>$(array[*])</c> becomes the array's elements, anything else one element.
    /// </summary>
    public static IReadOnlyList<string> ApplyToElement(string text, Replacements replacements) =>
        ExactName(text) is { } name && replacements.Arrays.TryGetValue(name, out var elements)
            ? elements
            : [Apply(text, replacements.Strings)];

    /// <summary>The name when a text is exactly one <c>$(name)</c> or <c>$(name[*])</c>, without the star; else null.</summary>
    public static string? ExactName(string text)
    {
        if (!text.StartsWith("$(", StringComparison.Ordinal) || text.IndexOf(')', StringComparison.Ordinal) != text.Length - 1)
        {
            return null;
        }

        var name = text[2..^1];
        return name.EndsWith("[*]", StringComparison.Ordinal) ? name[..^3] : name;
    }

    /// <summary>The names of all <c>$(…)</c> in a text, in order, as they stand.</summary>
    public static IEnumerable<string> Names(string text)
    {
        for (var start = text.IndexOf("$(", StringComparison.Ordinal); start >= 0; start = text.IndexOf("$(", start + 2, StringComparison.Ordinal))
        {
            var end = text.IndexOf(')', start);
            if (end < 0)
            {
                yield break;
            }

            yield return text[(start + 2)..end];
        }
    }
}
