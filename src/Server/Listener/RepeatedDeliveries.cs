using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Triggers.Verdicts;

namespace Hikigane.Server.Listener;

/// <summary>
/// Deliveries that their sender repeats (<c>X-GitHub-Delivery</c> and its like): the first that wants to create something claims the sender's id,
/// and only it creates. Asked after the triggers' chains have passed, so after whatever verifies signatures: before that a stranger could
/// claim the ids of deliveries to come. Any thread may call.
/// </summary>
public sealed class RepeatedDeliveries(ILedger ledger, TimeProvider time)
{
    /// <summary>The earlier event that this one repeats; null when there is none, or when that one came to nothing.</summary>
    public async Task<string?> FirstAsync(ReceivedEvent received, CancellationToken cancellationToken)
    {
        var facts = EventFacts.Of(received);
        if (received.Mode != DeliveryMode.Live || received.ReplayOf is not null || facts.DeliveryId.Length == 0)
        {
            return null;
        }

        var holder = await ledger.ClaimAsync(
            new DeliveryClaim
            {
                ListenerNamespace = received.ListenerNamespace,
                ListenerName = received.ListenerName,
                Provider = facts.Provider,
                DeliveryId = facts.DeliveryId,
                EventId = received.EventId,
                At = time.GetUtcNow(),
            },
            cancellationToken);

        // Whoever delivers again after a failure wants it to work this time.
        return holder == received.EventId || ledger.Reader.Find(holder)?.Outcome == DeliveryOutcome.Error ? null : holder;
    }

    /// <summary>The verdict of a trigger that would have fired.</summary>
    public static TriggerVerdict Repeats(TriggerVerdict verdict, ReceivedEvent received, string first) => verdict with
    {
        Outcome = TriggerOutcome.Filtered,
        Cause = Causes.Duplicate,
        Message = $"delivery {EventFacts.Of(received).DeliveryId} was received before as event {first}",
        Explain = $"**Sent again.** The sender delivered this before; event `{first}` is what came of it.",
        Fix = $"to have it decided once more: hikigane event replay {first}",
        Stages = [.. verdict.Stages, new StageVerdict { Kind = "create", Result = StageResult.NotReached }],
    };
}
