using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Server.Previews;

namespace Hikigane.Cli.Ledgers;

/// <summary>The listener and the triggers as they were when an event came.</summary>
internal static class PastObjects
{
    public static KnownObjects Of(LedgerReader reader, Delivery delivery, KnownObjects today)
    {
        var received = delivery.Event;
        var past = reader.Configuration(received.ListenerNamespace, received.ListenerName, delivery.DecidedAt ?? received.ReceivedAt)
            ?? throw new CliException($"how {received.ListenerNamespace}/{received.ListenerName} was set up at {received.ReceivedAt:u} is not recorded");
        return today.Replaced(past.Manifests, $"the configuration recorded at {past.At:u}");
    }
}
