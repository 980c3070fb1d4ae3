namespace Hikigane.Resources.Deliveries;

/// <summary>How an event came to be in the ledger.</summary>
public enum DeliveryMode
{
    /// <summary>Somebody sent it to the listener.</summary>
    Live,

    /// <summary>A person had an earlier event decided once more (<c>hikigane event replay</c>).</summary>
    Replay,

    /// <summary>A sample that a person sent to try things out (<c>hikigane event send</c>).</summary>
    Test,
}
