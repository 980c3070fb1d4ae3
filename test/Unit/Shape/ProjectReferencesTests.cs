using System.Xml.Linq;

namespace Hikigane.Unit.Shape;

/// <summary>The picture of docs/architecture.md: who may see whom.</summary>
public sealed class ProjectReferencesTests
{
    private static readonly Dictionary<string, string[]> Picture = new()
    {
        ["Expressions"] = [],
        ["Resources"] = ["Expressions"],
        ["Triggers"] = ["Resources"],
        ["Pipelines"] = ["Resources"],
        ["Kube"] = ["Resources"],
        ["ApiServer"] = ["Kube"],
        ["Ledger"] = ["Resources"],
        ["Runtime"] = ["Kube"],
        ["Server"] = ["ApiServer", "Kube", "Ledger", "Pipelines", "Runtime", "Triggers"],
        ["Cli"] = ["Server"],
    };

    [Fact]
    public void Projects_refer_to_each_other_as_the_picture_says()
    {
        var actual = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(
                file => Path.GetFileNameWithoutExtension(file),
                file => XDocument.Load(file).Descendants("ProjectReference")
                    .Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!))
                    .Order(StringComparer.Ordinal).ToArray());

        Assert.Equal(
            Picture.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} -> {string.Join(' ', pair.Value)}"),
            actual.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} -> {string.Join(' ', pair.Value)}"));
    }
}
