using Hikigane.Resources.Deliveries;

namespace Hikigane.Triggers.Verdicts;

/// <summary>The verdicts of all triggers → the outcome of the delivery (spec: ux.md §3.4).</summary>
public static class DeliveryVerdict
{
    public static DeliveryOutcome Of(IReadOnlyList<TriggerVerdict> verdicts)
    {
        var selected = verdicts.Where(verdict => verdict.Outcome != TriggerOutcome.NotSelected).ToList();
        return selected switch
        {
            [] => DeliveryOutcome.NoTriggers,
            _ when selected.TrueForAll(verdict => verdict.Outcome is TriggerOutcome.Fired or TriggerOutcome.Filtered) =>
                selected.Exists(verdict => verdict.Outcome == TriggerOutcome.Fired) ? DeliveryOutcome.Fired : DeliveryOutcome.NoMatch,
            _ when selected.Exists(verdict => verdict.Outcome == TriggerOutcome.Fired) => DeliveryOutcome.Partial,
            _ when selected.Exists(verdict => verdict.Outcome == TriggerOutcome.Error) => DeliveryOutcome.Error,
            _ => DeliveryOutcome.Rejected,
        };
    }
}
