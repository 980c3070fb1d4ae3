using System.Text.RegularExpressions;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>References of a pipeline's tasks to each other, as they stand in text.</summary>
internal static partial class PipelineReferences
{
    /// <summary>Results that a text refers to.</summary>
    public static IEnumerable<(string Holder, string Task, string Result)> Results(string text) =>
        Result().Matches(text).Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value));

    /// <summary>Tasks whose status or reason a text asks for; empty for the status of all.</summary>
    public static IEnumerable<string> States(string text) => State().Matches(text).Select(match => match.Groups[1].Value);

    /// <summary>The task whose result a piece of text, cut off behind a dollar sign, begins with.</summary>
    public static (string Holder, string Task)? Leading(string piece) =>
        LeadingResult().Match(piece) is { Success: true } match ? (match.Groups[1].Value, match.Groups[2].Value) : null;

    /// <summary>The text between <c>$(</c> and <c>)</c>.</summary>
    public static IEnumerable<string> Expressions(string text) => Expression().Matches(text).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"\$\((tasks|finally)\.([^.)]+)\.results\.([^)\[]+)(?:\[[^\]]*\])?(?:\.[^)]*)?\)")]
    private static partial Regex Result();

    [GeneratedRegex(@"\$\(tasks\.(?:([^.)]+)\.)?(?:status|reason)\)")]
    private static partial Regex State();

    [GeneratedRegex(@"^\((tasks|finally)\.([^.)]+)\.results\.")]
    private static partial Regex LeadingResult();

    [GeneratedRegex(@"\$\(([^)]*)\)")]
    private static partial Regex Expression();
}
