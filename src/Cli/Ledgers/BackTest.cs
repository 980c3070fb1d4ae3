using Hikigane.Resources.Deliveries;
using Hikigane.Server.Previews;

namespace Hikigane.Cli.Ledgers;

/// <summary>A trigger whose verdict on an event would be another one.</summary>
internal sealed record Flip(ReceivedEvent Event, string Trigger, TriggerVerdict? Before, TriggerVerdict? After);

/// <summary>How often a trigger would fire, and did.</summary>
internal sealed record FireCount(string Trigger, int Events, int Fired, int FiredBefore);

/// <summary>Stored events decided by other objects, against what was decided when they came.</summary>
internal sealed record BackTest(IReadOnlyList<Flip> Flips, IReadOnlyList<FireCount> Counts)
{
    public static async Task<BackTest> RunAsync(KnownObjects known, IReadOnlyList<Delivery> deliveries, CancellationToken cancellationToken)
    {
        using var preview = new EventPreview(known, TimeProvider.System);
        var flips = new List<Flip>();
        var counts = new SortedDictionary<string, (int Events, int Fired, int Before)>(StringComparer.Ordinal);
        foreach (var delivery in deliveries)
        {
            // As a replay: the signature went with the redaction and is made again.
            var replay = delivery.Event with { ReplayOf = delivery.Event.EventId };
            var decided = await preview.DecideAsync(replay, cancellationToken)
                ?? throw new CliException($"EventListener {replay.ListenerNamespace}/{replay.ListenerName} does not exist in {known.Source}");
            var (before, after) = (ByName(delivery.Triggers), ByName(decided.Delivery.Triggers));
            foreach (var name in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
            {
                var (was, would) = (before.GetValueOrDefault(name), after.GetValueOrDefault(name));
                var count = counts.GetValueOrDefault(name);
                counts[name] = (count.Events + 1, count.Fired + Fires(would), count.Before + Fires(was));
                if (Fires(was) != Fires(would))
                {
                    flips.Add(new Flip(delivery.Event, name, was, would));
                }
            }
        }

        return new BackTest(flips, [.. counts.Select(pair => new FireCount(pair.Key, pair.Value.Events, pair.Value.Fired, pair.Value.Before))]);
    }

    /// <summary>A trigger that got as far as creating wanted the event; whether the API took the object is another question.</summary>
    private static int Fires(TriggerVerdict? verdict) =>
        verdict is not null && (verdict.Outcome == TriggerOutcome.Fired || verdict.Cause.StartsWith("create.", StringComparison.Ordinal)) ? 1 : 0;

    private static Dictionary<string, TriggerVerdict> ByName(IReadOnlyList<TriggerVerdict> verdicts)
    {
        var byName = new Dictionary<string, TriggerVerdict>();
        foreach (var verdict in verdicts.Where(verdict => verdict.Name.Length > 0))
        {
            byName[$"{verdict.Namespace}/{verdict.Name}"] = verdict;
        }

        return byName;
    }
}
