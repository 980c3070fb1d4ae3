using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Hikigane.Unit.Expressions.Hostile;
using Hikigane.Triggers.Templates;

namespace Hikigane.Unit.Triggers.Templates;

public sealed class TemplateFuzzTests
{
    private static readonly Gen<string> Text = Gen.OneOf<string>("$(", ")", "$(tt.params.", "$(tt.params.a)", "$(tt.params.b)", "$(uid)", "$$(", "a", "b", "\"", "\\", "{", "é", "\n", "$").Array[0, 12].Select(string.Concat);

    [Fact]
    public void A_value_is_put_in_as_it_is_and_never_read_as_a_variable() => Fuzz.Sample(Gen.Select(Text, Text, Text), one =>
    {
        var templates = ResourceTemplates.OfSpec(new JsonObject { ["resourcetemplates"] = new JsonArray(new JsonObject { ["x"] = "<" + one.Item1 + ">" }) });
        var values = new Dictionary<string, string> { ["a"] = one.Item2, ["b"] = one.Item3 };

        var rendered = templates.Render(0, values, "the-uid");

        // The same by hand, from left to right, in one pass.
        var (source, wanted) = (templates.Texts[0], new StringBuilder());
        for (var at = 0; at < source.Length;)
        {
            var (length, put) = source.AsSpan(at) switch
            {
                var rest when rest.StartsWith("$(tt.params.a)") => (14, Shielded(one.Item2)),
                var rest when rest.StartsWith("$(tt.params.b)") => (14, Shielded(one.Item3)),
                var rest when rest.StartsWith("$(uid)") => (6, "the-uid"),
                _ => (1, source.Substring(at, 1)),
            };
            wanted.Append(put);
            at += length;
        }

        Assert.Equal(wanted.ToString(), rendered);
    });

    [Fact]
    public void A_template_of_unclosed_variables_is_quick() => Fuzz.Bounded(() =>
    {
        var text = new StringBuilder().Insert(0, "$(tt.params.x", 20_000).Append(')', 20_000).ToString();
        var templates = ResourceTemplates.OfSpec(new JsonObject { ["resourcetemplates"] = new JsonArray(new JsonObject { ["x"] = text }) });
        templates.Render(0, new Dictionary<string, string> { ["a"] = "1" }, "u");
    });

    private static string Shielded(string value) => value.Replace("$(", "$$(", StringComparison.Ordinal);
}
