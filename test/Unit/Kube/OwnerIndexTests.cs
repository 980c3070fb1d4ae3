using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;

namespace Hikigane.Unit.Kube;

public sealed class OwnerIndexTests
{
    private readonly OwnerIndex index = new();

    private static JsonObject Owned(string name, string? uid) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["namespace"] = "ci",
            ["name"] = name,
            ["ownerReferences"] = uid is null ? null : new JsonArray(
                new JsonObject { ["uid"] = "other" }, new JsonObject { ["uid"] = uid, ["controller"] = true }),
        },
    };

    [Fact]
    public void Children_are_found_by_their_controller_alone()
    {
        Set(null, Owned("a", "one"));
        Set(null, Owned("b", "one"));
        Set(null, Owned("c", "two"));
        Set(null, Owned("d", null));

        Assert.Equal(["a", "b"], Names("one"));
        Assert.Equal(["c"], Names("two"));
        Assert.Empty(Names("other"));
    }

    [Fact]
    public void A_child_is_found_as_it_last_was_until_it_goes_or_is_given_away()
    {
        var first = Owned("a", "one");
        Set(null, first);
        var changed = Owned("a", "one");
        Set(first, changed);
        Assert.Same(changed, Assert.Single(index.Of("one")));

        var given = Owned("a", "two");
        Set(changed, given);
        Assert.Empty(Names("one"));
        Assert.Equal(["a"], Names("two"));

        index.Set(given.Key(), given, null);
        Assert.Empty(Names("two"));
    }

    private void Set(JsonObject? before, JsonObject after) => index.Set(after.Key(), before, after);

    private string[] Names(string uid) => [.. index.Of(uid).Select(one => one.Name()).Order()];
}
