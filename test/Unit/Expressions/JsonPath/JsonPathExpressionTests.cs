using System.Text.Json.Nodes;
using CsCheck;
using Hikigane.Expressions.GoJson;
using Hikigane.Expressions.JsonPath;

namespace Hikigane.Unit.Expressions.JsonPath;

public sealed class JsonPathExpressionTests
{
    private static readonly JsonNode Root = GoJsonReader.Read("""
        {"a":{"b":[1,"two",{"three":3},null],"x.y":"dotted"},"items":[{"n":"p","v":1},{"n":"q","v":2.5}],"text":"say \"hi\" <b>"}
        """).Node!;

    [Theory]
    [InlineData("a.b[0]", "1")]
    [InlineData(".a.b[-1]", "null")]
    [InlineData("{.a.b[1:3]}", """["two",{"three":3}]""")]
    [InlineData("a.b[0,1]", """[1,"two"]""")]
    [InlineData(@"a.x\.y", "dotted")]
    [InlineData(@"a['x\.y']", "dotted")]
    [InlineData("items[?(@.n=='q')].v", "2.5")]
    [InlineData("items[?(@.v>1.0)].n", "q")]
    [InlineData("items[*].n", """["p","q"]""")]
    [InlineData("..three", "3")]
    [InlineData("text", """say \"hi\" \u003cb\u003e""")]
    public void A_path_gives_what_kubectl_gives(string path, string text)
    {
        var (got, error) = JsonPathExpression.ParseRelaxed(path).EvaluateToText(Root);

        Assert.Null(error);
        Assert.Equal(text, got);
    }

    [Theory]
    [InlineData("a.nope", "nope is not found")]
    [InlineData("a.b[9]", "array index out of bounds: index 9, length 4")]
    [InlineData("text[0]", "string is not array or slice")]
    [InlineData("items[?(@.v==1)].n", "incompatible types for comparison")]
    [InlineData("a.b[x]", "invalid array index x")]
    [InlineData("a}", "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'")]
    public void An_error_has_the_words_of_upstream(string path, string error)
    {
        var (got, message) = JsonPathExpression.ParseRelaxed(path).EvaluateToText(Root);

        Assert.Null(got);
        Assert.Equal(error, message);
    }

    [Fact]
    public void No_text_crashes_the_parser() => Gen.String[Gen.Char["a.[]*?(@)='\"\\:,-0 {}$<>!"], 0, 20]
        .Sample(text => { JsonPathExpression.ParseRelaxed(text).EvaluateToText(Root); }, iter: 20_000);
}
