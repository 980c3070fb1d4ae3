using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Triggers;
using Hikigane.Triggers.Selection;

namespace Hikigane.Unit.Triggers.Selection;

public sealed class TriggerSelectionTests
{
    [Fact]
    public void A_trigger_that_is_reached_on_several_ways_is_numbered_in_the_order_of_selection()
    {
        var selection = Select("""
            {"labelSelector": {"matchLabels": {"on": "yes"}}, "triggers": [{"triggerRef": "one"}, {"triggerRef": "two"}],
             "triggerGroups": [{"name": "g", "triggerSelector": {"labelSelector": {}}}]}
            """);

        Assert.Equal(["one 0", "one 1", "two 0"], selection.Triggers.Select(Numbered));
        Assert.Equal(["one 2", "two 1"], selection.Groups[0].Triggers.Select(Numbered));
    }

    [Fact]
    public void Entries_without_a_name_are_told_apart()
    {
        var selection = Select("""{"triggers": [{"template": {"ref": "t"}}, {"template": {"ref": "t"}}]}""");

        Assert.Equal([" 0", " 1"], selection.Triggers.Select(Numbered));
    }

    [Theory]
    [InlineData("""{"matchLabels": {"a b": "c"}}""", "key: Invalid value: \"a b\": name part must consist of")]
    [InlineData("""{"matchLabels": {"A/b": "c"}}""", "key: Invalid value: \"A/b\": prefix part a lowercase RFC 1123 subdomain")]
    [InlineData("""{"matchLabels": {"a": "c d"}}""", "values[0][a]: Invalid value: \"c d\": a valid label must be")]
    [InlineData("""{"matchExpressions": [{"key": "", "operator": "Exists"}]}""", "key: Invalid value: \"\": name part must be non-empty; name part must consist of")]
    public void A_selector_that_can_match_nothing_is_an_error_of_the_listener(string selector, string error)
    {
        Assert.StartsWith(error, Select($$"""{"labelSelector": {{selector}}}""").Error, StringComparison.Ordinal);
    }

    private static string Numbered(SelectedTrigger trigger) => $"{trigger.Name} {trigger.Occurrence}";

    private static TriggerSelection Select(string spec)
    {
        var listener = new JsonObject { ["metadata"] = new JsonObject { ["name"] = "el", ["namespace"] = "ci" }, ["spec"] = JsonNode.Parse(spec) };
        JsonObject[] triggers = [Trigger("one", "yes"), Trigger("two", "no")];
        return TriggerSelection.Of(listener, new TriggerLookups
        {
            Trigger = (_, name) => triggers.FirstOrDefault(one => one.Name() == name),
            Triggers = _ => triggers,
            Binding = (_, _) => null,
            ClusterBinding = _ => null,
            Template = (_, _) => null,
            ClusterInterceptor = _ => null,
            NamespacedInterceptor = (_, _) => null,
        });
    }

    private static JsonObject Trigger(string name, string on) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "ci", ["labels"] = new JsonObject { ["on"] = on } },
        ["spec"] = new JsonObject(),
    };
}
