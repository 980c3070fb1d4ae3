using System.Text.Json.Nodes;
using CsCheck;
using Hikigane.Resources.Yaml;

namespace Hikigane.Unit.Resources.Yaml;

public sealed class YamlTests
{
    [Theory]
    [InlineData("a: yes", """{"a":true}""")]
    [InlineData("on: x", """{"true":"x"}""")]
    [InlineData("a: 0777", """{"a":511}""")]
    [InlineData("a: 0o777", """{"a":511}""")]
    [InlineData("a: 0b11", """{"a":3}""")]
    [InlineData("a: 1_000", """{"a":1000}""")]
    [InlineData("a: 0x1F", """{"a":31}""")]
    [InlineData("a: 1.50", """{"a":1.5}""")]
    [InlineData("a: 2024-01-01", """{"a":"2024-01-01"}""")]
    [InlineData("a: !!str 12", """{"a":"12"}""")]
    [InlineData("a: ~\nb:", """{"a":null,"b":null}""")]
    [InlineData("a: \"12\"", """{"a":"12"}""")]
    [InlineData("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", """{"a":{"p":1,"q":2},"b":{"q":3,"p":1}}""")]
    public void Scalars_mean_what_kubectl_takes_them_for(string yaml, string json)
    {
        var stream = YamlReader.Read(yaml);

        Assert.Empty(stream.Errors);
        Assert.Equal(json, Assert.Single(stream.Documents).Root!.ToJsonString());
    }

    [Fact]
    public void Documents_of_a_stream_keep_their_lines_and_empty_ones_are_left_out()
    {
        var stream = YamlReader.Read("---\na: 1\n---\n# nothing\n---\nb: 2\n");

        Assert.Equal([2, 6], stream.Documents.Select(document => document.Line));
    }

    [Fact]
    public void Duplicate_keys_are_all_reported_with_their_place()
    {
        var stream = YamlReader.Read("a: 1\na: 2\nb:\n  c: 1\n  c: 2\n");

        Assert.Equal(["line 2, column 1: key \"a\" already set in map", "line 5, column 3: key \"c\" already set in map"], stream.Errors.Select(error => error.ToString()));
    }

    [Fact]
    public void Nested_aliases_do_not_fill_the_memory()
    {
        var yaml = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 9).Select(i =>
            $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));

        Assert.Contains("excessive aliasing", Assert.Single(YamlReader.Read(yaml).Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_is_read_back_the_same()
    {
        string[] slips = ["yes", "null", "~", "0x1f", "1e3", "- a", "a: b", "=", "<<", "|", "2024-01-01"];
        var texts = Gen.OneOf(
            Gen.String[Gen.Char["ab:#-'\"\\ \n\t{}[]&*!|>%@,?~.0123xyesnoéÄ\u00a0\u2028"], 0, 12],
            Gen.Int[0, slips.Length - 1].Select(index => slips[index]));

        texts.Array[0, 4].Sample(values =>
        {
            var wanted = new JsonObject { ["list"] = new JsonArray([.. values.Select(value => (JsonNode)JsonValue.Create(value))]) };
            foreach (var value in values)
            {
                wanted[value] = new JsonObject { ["deep"] = value };
            }

            var stream = YamlReader.Read(YamlWriter.Write(wanted));

            Assert.Empty(stream.Errors);
            Assert.True(JsonNode.DeepEquals(wanted, stream.Documents[0].Root), YamlWriter.Write(wanted));
        }, iter: 3000);
    }

    [Fact]
    public void No_text_crashes_the_reader() => Gen.String[Gen.Char["ab:#-'\" \n{}[]&*!|>,?<~0"], 0, 40].Sample(text => { YamlReader.Read(text); }, iter: 10_000);
}
