using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Triggers.Selection;

namespace Hikigane.Triggers.Verdicts;

/// <summary>Why a listener selects no trigger: what its selectors ask for, and the triggers that come nearest to it.</summary>
internal static class NoTriggersVerdict
{
    private const int MostNearMisses = 3;

    public static TriggerVerdict Of(JsonObject listener, TriggerLookups lookups)
    {
        var ns = listener.Namespace();
        var selections = Selections(listener).ToList();
        var sentences = selections.Select(selection => Sentence(selection.Selection, ns, selection.Of, lookups)).ToList();
        var nearest = selections.SelectMany(selection => NearMisses(selection.Selection, ns, lookups)).Distinct().Take(MostNearMisses).ToList();
        return new TriggerVerdict
        {
            Namespace = ns,
            Name = "",
            Source = "selector",
            Outcome = TriggerOutcome.NotSelected,
            Cause = Causes.NoTriggers,
            Explain = sentences.Count == 0 ? "The listener selects no triggers: it names none, and it has no selector." : $"The listener selects no triggers: {string.Join("; ", sentences)}.",
            Fix = nearest.Count > 0 ? string.Join("\n", nearest)
                : sentences.Count == 0 ? "Add spec.triggers, or spec.labelSelector, to the listener."
                : $"Create a Trigger that fits: `kubectl get triggers -n {ns} --show-labels` shows what there is.",
            Stages = [new StageVerdict { Kind = "selector", Result = StageResult.Stop }],
        };
    }

    private static IEnumerable<(JsonObject Selection, string Of)> Selections(JsonObject listener)
    {
        if (listener.Object("spec") is { } spec && (spec.Object("labelSelector") is not null || spec.Object("namespaceSelector") is not null))
        {
            yield return (spec, "");
        }

        foreach (var group in listener.Objects("spec", "triggerGroups"))
        {
            yield return (group.Object("triggerSelector") ?? [], $"group `{group.Text("name")}`, ");
        }
    }

    private static string Sentence(JsonObject selection, string ns, string of, TriggerLookups lookups)
    {
        var candidates = Candidates(selection, ns, lookups).ToList();
        var names = selection.Items("namespaceSelector", "matchNames").Select(name => name.Text() ?? "").ToList();
        var place = names switch { [] => $"in `{ns}`", ["*"] => "in all namespaces", _ => "in " + string.Join(", ", names.Select(name => $"`{name}`")) };
        return $"{of}selector `{Text(selection.Object("labelSelector"))}` matches 0 of {candidates.Count} trigger{(candidates.Count == 1 ? "" : "s")} {place}";
    }

    private static IEnumerable<JsonObject> Candidates(JsonObject selection, string ns, TriggerLookups lookups) =>
        selection.Items("namespaceSelector", "matchNames").Select(name => name.Text() ?? "").ToList() switch
        {
            [] => lookups.Triggers(ns),
            ["*"] => lookups.Triggers(null),
            var names => names.SelectMany(lookups.Triggers),
        };

    /// <summary>Triggers that fail the fewest of the requirements, and triggers elsewhere that would fit.</summary>
    private static IEnumerable<string> NearMisses(JsonObject selection, string ns, TriggerLookups lookups)
    {
        var labels = selection.Object("labelSelector");
        foreach (var trigger in Candidates(selection, ns, lookups)
            .Select(trigger => (Trigger: trigger, Wrong: Wrong(labels, trigger).ToList())).OrderBy(one => one.Wrong.Count).Take(MostNearMisses))
        {
            yield return $"near miss: trigger `{trigger.Trigger.Key()}`: {string.Join(", ", trigger.Wrong)}";
        }

        if (LabelSelector.Read(labels) is { Error: null } selector)
        {
            foreach (var elsewhere in lookups.Triggers(null).Where(trigger => trigger.Namespace() != ns && selector.Selector.Matches(trigger)).Take(1))
            {
                yield return $"near miss: trigger `{elsewhere.Key()}` fits, in another namespace: name it in namespaceSelector.matchNames";
            }
        }
    }

    private static IEnumerable<string> Wrong(JsonObject? selector, JsonObject trigger)
    {
        foreach (var (name, wanted) in selector.Object("matchLabels") ?? [])
        {
            if (trigger.Label(name) != wanted.Text())
            {
                yield return $"label {name} is {(trigger.Label(name) is { } value ? $"`{value}`" : "not set")}, wanted `{wanted.Text()}`";
            }
        }

        foreach (var expression in selector.Objects("matchExpressions"))
        {
            var single = new JsonObject { ["matchExpressions"] = new JsonArray(expression.DeepClone()) };
            if (LabelSelector.Read(single) is { Error: null } read && !read.Selector.Matches(trigger))
            {
                yield return $"label {expression.Text("key")} is {(trigger.Label(expression.Text("key") ?? "") is { } value ? $"`{value}`" : "not set")}, wanted {Text(single)}";
            }
        }
    }

    private static string Text(JsonObject? selector)
    {
        var parts = (selector.Object("matchLabels") ?? []).Select(pair => $"{pair.Key}={pair.Value.Text()}")
            .Concat(selector.Objects("matchExpressions").Select(expression =>
                $"{expression.Text("key")} {expression.Text("operator")} ({string.Join(", ", expression.Items("values").Select(value => value.Text()))})"));
        var text = string.Join(",", parts);
        return text.Length == 0 ? "(everything)" : text;
    }
}
