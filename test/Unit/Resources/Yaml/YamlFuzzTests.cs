using System.Text;
using CsCheck;
using Hikigane.Unit.Expressions.Hostile;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Yaml;

namespace Hikigane.Unit.Resources.Yaml;

public sealed class YamlFuzzTests
{
    private static readonly Gen<string> Text = Gen.OneOf<string>(
        SomeText.NearlyJson,
        SomeText.Pieces,
        Gen.OneOf<string>("a: ", "- ", "  ", "\n", "&x ", "*x", "<<: ", "|\n", ">-\n", "'", "\"", "{", "}", "[", "]", ",", "#", "!!str ", "!!binary ", "? ", ": ", "---\n", "...\n", "%YAML 1.1\n", "\t", "0x1F", "1:30", "b", "é", "\u0085")
            .Array[0, 25].Select(string.Concat));

    [Fact]
    public void A_text_gives_documents_or_errors() => Fuzz.Sample(Text, text => YamlReader.Read(text));

    [Fact]
    public void What_is_written_is_read_back() => Fuzz.Sample(SomeText.Json, json =>
    {
        var node = GoJsonReader.Read(json, GoNumbers.Kubernetes).Node;

        var read = YamlReader.Read(YamlWriter.Write(node));

        Assert.Empty(read.Errors);
        Assert.Equal(GoJsonWriter.Write(node), GoJsonWriter.Write(read.Documents.Count == 0 ? null : read.Documents[0].Root));
    });

    [Fact]
    public void JSON_is_YAML() => Fuzz.Sample(SomeText.Json.Where(json => !json.Contains("\\ud800", StringComparison.Ordinal)), json =>
    {
        var read = YamlReader.Read(json, DuplicateKeys.LastWins);

        Assert.Empty(read.Errors);
    });

    public static TheoryData<string> Hostile { get; } =
    [
        Repeated("[", 200_000),
        Repeated("{a: ", 100_000),
        Repeated("- ", 100_000),
        Repeated("? ", 100_000),
        Repeated("a:\n", 1) + string.Concat(Enumerable.Range(1, 2_000).Select(depth => new string(' ', depth) + "a:\n")),
        "a: &a [x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 30).Select(level => $"a{level}: &a{level} [*a{(level == 1 ? "" : level - 1)},*a{(level == 1 ? "" : level - 1)},*a{(level == 1 ? "" : level - 1)}]\n")),
        "a: &a {x: 1}\nb:\n  <<: [" + Repeated("*a,", 100_000) + "*a]\n",
        "a: &a [*a]",
        "'" + Repeated("''", 500_000),
        "\"" + Repeated("\\x41", 300_000) + "\"",
        Repeated("# c\n", 300_000),
        Repeated("---\n", 200_000),
        Repeated("!", 300_000),
        Repeated("&a ", 100_000),
        Repeated("%a\n", 100_000),
        Repeated("a", 2_000_000) + ": 1",
        Repeated("x: 1\n", 100_000),
        "a: |\n" + Repeated(" x\n", 300_000),
        Repeated("9", 500_000),
        "0x" + Repeated("f", 500_000),
        "1e" + Repeated("9", 500_000),
    ];

    [Theory]
    [MemberData(nameof(Hostile), DisableDiscoveryEnumeration = true)]
    public void It_ends(string text) => Fuzz.Bounded(() => YamlReader.Read(text));

    private static string Repeated(string text, int times) => new StringBuilder().Insert(0, text, times).ToString();
}
