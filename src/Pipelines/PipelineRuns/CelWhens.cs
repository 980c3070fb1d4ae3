namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Evaluates CEL in when expressions, in an environment without variables, as upstream does.</summary>
internal static class CelWhens
{
    /// <summary>Whether the expression holds; anything but a true boolean does not.</summary>
    public static bool Holds(string expression) => expression.Trim() switch
    {
        "true" => true,
        "false" => false,
        var text => Compares(text),
    };

    /// <summary>The comparison of two string literals, which is what substitution leaves of nearly every expression.</summary>
    private static bool Compares(string text)
    {
        foreach (var (sign, equal) in new[] { ("==", true), ("!=", false) })
        {
            var sides = text.Split(sign, StringSplitOptions.TrimEntries);
            if (sides.Length == 2)
            {
                return (sides[0].Trim('\'', '"') == sides[1].Trim('\'', '"')) == equal;
            }
        }

        return false;
    }
}
