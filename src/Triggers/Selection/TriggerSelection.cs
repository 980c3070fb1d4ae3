using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Selection;

/// <summary>A trigger that an event goes to. <paramref name="Spec"/> is a Trigger's spec or an entry of the listener itself.</summary>
public sealed record SelectedTrigger(string Namespace, string Name, JsonObject Spec, string Source)
{
    public string ServiceAccountName => Spec.Text("serviceAccountName") ?? "";

    /// <summary>
    /// How often a trigger of this namespace and name comes earlier in the selection. A listener may reach one Trigger on several ways, and its
    /// own entries need no names: each runs, so each needs names of its own for what it creates.
    /// </summary>
    public int Occurrence { get; init; }

    /// <summary>Of the object that the spec stands in; null where the API gives none.</summary>
    public long? Generation { get; init; }
}

/// <summary>A group of the listener: its own chain first, then its triggers.</summary>
public sealed record SelectedGroup(string Name, IReadOnlyList<JsonObject> Interceptors, IReadOnlyList<SelectedTrigger> Triggers);

/// <summary>A <c>triggerRef</c> that leads nowhere. The event goes on without it, as upstream.</summary>
public sealed record MissingTrigger(string Namespace, string Name);

/// <summary>
/// Which triggers an event of a listener goes to (spec: triggers.md §3.5, §3.6). <see cref="Error"/>: the listener cannot be
/// served, and the request is answered with 500. As upstream's <c>Sink.HandleEvent</c>.
/// </summary>
public sealed record TriggerSelection(IReadOnlyList<SelectedTrigger> Triggers, IReadOnlyList<SelectedGroup> Groups)
{
    public IReadOnlyList<MissingTrigger> Missing { get; init; } = [];

    public string? Error { get; init; }

    /// <summary>Whether nothing at all was selected.</summary>
    public bool IsEmpty => Triggers.Count == 0 && Missing.Count == 0 && Groups.All(group => group.Triggers.Count == 0);

    public static TriggerSelection Of(JsonObject listener, TriggerLookups lookups)
    {
        var ns = listener.Namespace();
        var missing = new List<MissingTrigger>();
        var (selected, error) = Select(listener.Object("spec"), ns, "selector", lookups);
        var triggers = new List<SelectedTrigger>(selected);
        var generation = listener.Integer("metadata", "generation");
        foreach (var entry in listener.Objects("spec", "triggers"))
        {
            if (entry.Object("template") is not null)
            {
                triggers.Add(new SelectedTrigger(ns, entry.Text("name") ?? "", entry, "inline") { Generation = generation });
            }
            else if (entry.Text("triggerRef") is not { Length: > 0 } reference)
            {
                error ??= "listener trigger has neither a template nor a triggerRef";
            }
            else if (lookups.Trigger(ns, reference) is { } trigger)
            {
                triggers.Add(FromObject(trigger, "ref"));
            }
            else
            {
                missing.Add(new MissingTrigger(ns, reference));
            }
        }

        var groups = new List<SelectedGroup>();
        foreach (var group in listener.Objects("spec", "triggerGroups"))
        {
            var name = group.Text("name") ?? "";
            var (members, groupError) = Select(group.Object("triggerSelector"), ns, $"group({name})", lookups);
            // A bad selector of a group ends the group, not the request: upstream finds it after the answer.
            groups.Add(new SelectedGroup(name, [.. group.Objects("interceptors")], groupError is null ? members : []));
        }

        return Numbered(triggers, groups) with { Missing = missing, Error = error };
    }

    /// <summary>Counts in the order of selection, which is the same in every attempt at an event.</summary>
    private static TriggerSelection Numbered(List<SelectedTrigger> triggers, List<SelectedGroup> groups)
    {
        var seen = new Dictionary<(string, string), int>();
        return new TriggerSelection(
            [.. triggers.Select(Number)],
            [.. groups.Select(group => group with { Triggers = [.. group.Triggers.Select(Number)] })]);

        SelectedTrigger Number(SelectedTrigger trigger)
        {
            var before = seen.GetValueOrDefault((trigger.Namespace, trigger.Name));
            seen[(trigger.Namespace, trigger.Name)] = before + 1;
            return before == 0 ? trigger : trigger with { Occurrence = before };
        }
    }

    private static (IReadOnlyList<SelectedTrigger> Triggers, string? Error) Select(JsonObject? selection, string ns, string source, TriggerLookups lookups)
    {
        var names = selection.Items("namespaceSelector", "matchNames").Select(name => name.Text() ?? "").ToList();
        var labels = selection.Object("labelSelector");
        if (names.Count == 0 && labels is null)
        {
            return ([], null);
        }

        var (selector, error) = LabelSelector.Read(labels);
        if (error is not null)
        {
            return ([], error);
        }

        // A star among other names is taken for a name, as upstream does.
        var found = names switch
        {
            [] => lookups.Triggers(ns),
            ["*"] => lookups.Triggers(null),
            _ => names.SelectMany(lookups.Triggers),
        };
        return ([.. found.Where(selector.Matches).Select(trigger => FromObject(trigger, source))], null);
    }

    private static SelectedTrigger FromObject(JsonObject trigger, string source) =>
        new(trigger.Namespace(), trigger.Name(), trigger.Object("spec") ?? [], source) { Generation = trigger.Integer("metadata", "generation") };
}
