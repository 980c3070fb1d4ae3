using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Ledgers;

/// <summary>Waits for the verdict of an event that another process decides.</summary>
internal static class DecidedEvent
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Null when it was not decided in time.</summary>
    public static async Task<Delivery?> WaitAsync(LedgerReader reader, string eventId, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        while (true)
        {
            if (reader.Find(eventId) is { } delivery && delivery.Outcome != DeliveryOutcome.Pending)
            {
                return delivery;
            }

            if (TimeProvider.System.GetElapsedTime(started) >= patience)
            {
                return null;
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }
}
