using System.Text.RegularExpressions;

namespace Hikigane.Server.Steps;

/// <summary>
/// Paths below the host's <c>/tmp</c> that a step names by a <c>file://</c> URL, such as a repository to clone. A pod has a <c>/tmp</c> of its own;
/// only what is named so is shown in it, and read-only.
/// </summary>
internal static partial class NamedFiles
{
    public static IEnumerable<string> In(string text) => text.Contains("file:///tmp/", StringComparison.Ordinal)
        ? Urls().Matches(text).Select(match => match.Groups[1].Value.TrimEnd('/')).Where(IsPlain).Where(Path.Exists).Distinct()
        : [];

    /// <summary>Neither dots nor links lead elsewhere.</summary>
    private static bool IsPlain(string path) => Path.GetFullPath(path) == path && new FileInfo(path).LinkTarget is null;

    [GeneratedRegex("file://(/tmp/[A-Za-z0-9._/+@~-]+)", RegexOptions.None, 1000)]
    private static partial Regex Urls();
}
