using System.Text.Json.Nodes;
using Hikigane.Triggers.Templates;

namespace Hikigane.Unit.Triggers.Templates;

public sealed class ResourceTemplatesTests
{
    [Fact]
    public void What_an_event_brings_is_never_read_as_a_variable()
    {
        var spec = (JsonObject)JsonNode.Parse("""{"resourcetemplates":[{"a":"$(tt.params.x) $(tt.params.y) $(uid) $(params.z)"}]}""")!;
        var values = new Dictionary<string, string> { ["x"] = "$(tt.params.y)", ["y"] = "$(uid)" };

        var text = ResourceTemplates.OfSpec(spec).Render(0, values, "the-uid");

        Assert.Equal("""{"a":"$$(tt.params.y) $$(uid) the-uid $(params.z)"}""", text);
    }

    [Fact]
    public void A_second_attempt_finds_the_name_of_the_first()
    {
        var first = GeneratedName.Of("build-", "event-1", "ci/push", 0);

        Assert.Matches("^build-[bcdfghjklmnpqrstvwxz2456789]{5}$", first);
        Assert.Equal(first, GeneratedName.Of("build-", "event-1", "ci/push", 0));
        Assert.NotEqual(first, GeneratedName.Of("build-", "event-1", "ci/push", 1));
        Assert.NotEqual(first, GeneratedName.Of("build-", "event-2", "ci/push", 0));
    }
}
