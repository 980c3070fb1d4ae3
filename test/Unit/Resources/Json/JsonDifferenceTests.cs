using System.Text.Json.Nodes;
using CsCheck;
using Hikigane.ApiServer.Rest;
using Hikigane.Resources.Json;

namespace Hikigane.Unit.Resources.Json;

public sealed class JsonDifferenceTests
{
    [Fact]
    public void A_patch_applied_to_the_one_gives_the_other() => Gen.Select(Gen.Int, Gen.Int).Sample(
        seeds =>
        {
            var (before, after) = (Value(new Random(seeds.Item1), 0), Value(new Random(seeds.Item2), 0));
            var patched = JsonPatch.Apply(before.DeepClone(), JsonDifference.Patch(before, after));
            return JsonNode.DeepEquals(patched, after);
        }, iter: 2_000);

    [Theory]
    [InlineData("""{"a":1}""", """{"a":1}""", "[]")]
    [InlineData("""{"a/b":1}""", """{"a/b":2}""", """[{"op":"replace","path":"/a~1b","value":2}]""")]
    [InlineData("[1,2,3]", "[1,9,2,3]", """[{"op":"add","path":"/1","value":9}]""")]
    [InlineData("[1,2,3]", "[1,3]", """[{"op":"remove","path":"/1"}]""")]
    [InlineData("""{"a":null}""", "{}", """[{"op":"remove","path":"/a"}]""")]
    public void It_tells_no_more_than_what_changed(string before, string after, string patch) =>
        Assert.Equal(patch, JsonDifference.Patch(JsonNode.Parse(before), JsonNode.Parse(after)).ToJsonString());

    [Fact]
    public void A_pointer_gives_back_its_names() =>
        Assert.Equal(["a/b", "~", ""], JsonDifference.Steps(string.Concat(new[] { "a/b", "~", "" }.Select(JsonDifference.Step))));

    private static JsonNode Value(Random random, int depth) => random.Next(depth > 3 ? 3 : 6) switch
    {
        0 => JsonValue.Create(random.Next(4)),
        1 => JsonValue.Create("x" + random.Next(3)),
        2 => JsonValue.Create(true),
        3 => new JsonArray([.. Enumerable.Range(0, random.Next(5)).Select(_ => Value(random, depth + 1))]),
        _ => new JsonObject(Enumerable.Range(0, 4).Where(_ => random.Next(2) == 0).Select(n => KeyValuePair.Create<string, JsonNode?>("k/~"[..(n % 4 > 2 ? 3 : n + 1)] + n, Value(random, depth + 1)))),
    };
}
