using System.Text.RegularExpressions;

namespace Hikigane.Unit.Shape;

/// <summary>What the pages say about the tree is true.</summary>
public sealed partial class PagesTests
{
    public static TheoryData<string> Pages => [.. Directory.EnumerateFiles(Repository.Root, "*.md")
        .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories))
        .Select(page => Path.GetRelativePath(Repository.Root, page))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_file_and_folder_that_a_page_names_is_there(string page)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, page));
        var missing = Named().Matches(text).Select(match => match.Groups["path"].Value)
            .Where(path => !File.Exists(Path.Combine(Repository.Root, path)) && !Directory.Exists(Path.Combine(Repository.Root, path)));

        Assert.Empty(missing.Distinct());
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_between_pages_leads_somewhere(string page)
    {
        var path = Path.Combine(Repository.Root, page);
        var broken = Link().Matches(File.ReadAllText(path)).Select(match => match.Groups["target"].Value)
            .Where(target => !Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, target)));

        Assert.Empty(broken);
    }

    [GeneratedRegex(@"`(?<path>(src|test|samples|bench|docs)/[\w./-]*\w)/?`")]
    private static partial Regex Named();

    [GeneratedRegex(@"\]\((?!https?:|#|mailto:)(?<target>[^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex Link();
}
