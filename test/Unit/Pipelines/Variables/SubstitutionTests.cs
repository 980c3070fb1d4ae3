using CsCheck;
using Hikigane.Pipelines.Variables;

namespace Hikigane.Unit.Pipelines.Variables;

public sealed class SubstitutionTests
{
    private static readonly Dictionary<string, string> Values = new() { ["params.a"] = "1", ["params.b"] = "$(params.a)" };

    [Theory]
    [InlineData("$(params.a)", "1")]
    [InlineData("x$(params.a)y$(params.a)", "x1y1")]
    [InlineData("$(params.b)", "$(params.a)")]
    [InlineData("$$(params.a)", "$1")]
    [InlineData("$(params.unknown)$(params.a)", "$(params.unknown)1")]
    [InlineData("$($(params.a))", "$(1)")]
    [InlineData("$(params.a", "$(params.a")]
    public void Known_names_are_replaced_once_and_everything_else_stays(string text, string expected) =>
        Assert.Equal(expected, Substitution.Apply(text, Values));

    [Fact]
    public void An_element_that_is_exactly_an_array_becomes_its_elements()
    {
        var replacements = new Replacements();
        replacements.AddParam("l", new ParamValue.List(["x", "y"]));

        Assert.Equal(["x", "y"], Substitution.ApplyToElement("$(params.l[*])", replacements));
        Assert.Equal(["x", "y"], Substitution.ApplyToElement("$(params.l)", replacements));
        Assert.Equal(["a $(params.l[*])"], Substitution.ApplyToElement("a $(params.l[*])", replacements));
        Assert.Equal(["y"], Substitution.ApplyToElement("$(params['l'][1])", replacements));
    }

    [Fact]
    public void Text_without_known_names_never_changes() =>
        Gen.String[Gen.Char["$()pa.x"], 0, 40].Where(text => !text.Contains("$(params", StringComparison.Ordinal))
            .Sample(text => Substitution.Apply(text, Values) == text, iter: 2000);
}
