using System.Text;
using CsCheck;
using Hikigane.Expressions.GoJson;
using Hikigane.Expressions.JsonPath;
using Hikigane.Expressions.Variables;

namespace Hikigane.Unit.Expressions.Hostile;

public sealed class JsonPathFuzzTests
{
    private static readonly Gen<string> Path = Gen.OneOf<string>(
        Gen.OneOf<string>(".a", ".b", "..a", "..", "[0]", "[-1]", "[*]", ".*", "[0:2]", "[::2]", "[0,1]", "['a','b']", "['a']", "[?(@.a==1.0)]", "[?(@.a)]", "[?(@..a>'x')]", "[?(@[0]!=true)]", "'text'", "\"x\"", "5", "-1.5",
            "true", "end", "range", "@", "$", "\\.", "[9223372036854775808]").Array[0, 8].Select(string.Concat),
        SomeText.Pieces);

    [Fact]
    public void A_path_gives_results_or_an_error() => Fuzz.Sample(Gen.Select(Path, SomeText.Json), one =>
    {
        var root = GoJsonReader.Read(one.Item2).Node;
        foreach (var path in (JsonPathExpression[])[JsonPathExpression.Parse(one.Item1), JsonPathExpression.ParseRelaxed(one.Item1)])
        {
            var (text, error) = path.EvaluateToText(root);
            Assert.NotEqual(text is null, error is null);
        }
    });

    [Fact]
    public void Every_key_can_be_reached() => Fuzz.Sample(Gen.String[Gen.Char["ab .,[]$@\\'\"é*?"], 1, 8].Where(key => key != "*" && !key.Contains('\\')), key =>
    {
        var escaped = string.Concat(key.Select(character => "\\" + character));

        var (results, error) = JsonPathExpression.Parse("." + escaped).Evaluate(new System.Text.Json.Nodes.JsonObject { [key] = 1 });

        Assert.Null(error);
        Assert.Single(results);
    });

    [Fact]
    public void A_value_is_the_sum_of_its_segments() => Fuzz.Sample(
        Gen.OneOf<string>("$(", ")", "(", "$", "$$(", "a", "body.a", "{", "}", " ").Array[0, 20].Select(string.Concat),
        text => Assert.Equal(text, string.Concat(VariableText.Split(text).Select(segment => segment.Original))));

    [Theory]
    [InlineData("..*..*..*..*")]
    [InlineData("..a..a..a..a")]
    [InlineData("[*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*][*,*]")]
    [InlineData("..[?(@..a==1.0)]")]
    [InlineData("..*")]
    public void A_path_that_visits_a_payload_over_and_over_ends(string path) => Fuzz.Bounded(() =>
    {
        var root = GoJsonReader.Read(new StringBuilder().Insert(0, "{\"a\":[", 700).Append('1').Append(string.Concat(Enumerable.Repeat("]}", 700))).ToString()).Node;
        var (text, error) = JsonPathExpression.Parse(path).EvaluateToText(root);
        Assert.NotEqual(text is null, error is null);
    });

    [Fact]
    public void A_filter_over_elements_without_the_field_is_quick() => Fuzz.Bounded(() =>
    {
        var root = GoJsonReader.Read("[" + string.Join(',', Enumerable.Repeat("0", 500_000)) + "]").Node;
        Assert.Equal("[]", JsonPathExpression.Parse("[?(@.a)]").EvaluateToText(root).Text);
    });

    [Fact]
    public void A_nest_of_filters_ends() => Fuzz.Bounded(() =>
        Assert.NotNull(JsonPathExpression.Parse(new StringBuilder().Insert(0, "[?(@", 20_000).Append(string.Concat(Enumerable.Repeat(")]", 20_000))).ToString()).Error));
}
