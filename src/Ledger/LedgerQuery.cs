using Hikigane.Resources.Deliveries;

namespace Hikigane.Ledger;

/// <summary>Which deliveries to read, the newest first.</summary>
public sealed record LedgerQuery
{
    public string? Namespace { get; init; }

    public string? Listener { get; init; }

    public DeliveryOutcome? Outcome { get; init; }

    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? Until { get; init; }

    /// <summary>Only those that came before this event: the next page.</summary>
    public string? Before { get; init; }

    /// <summary>Only those that wait among the dead letters.</summary>
    public bool IsDeadLetter { get; init; }

    /// <summary>Only replays of this event.</summary>
    public string? ReplayOf { get; init; }

    /// <summary>What the columns do not tell. Applied before <see cref="Limit"/>.</summary>
    public Func<Delivery, bool>? Where { get; init; }

    /// <summary>At most so many.</summary>
    public int Limit { get; init; } = 50;
}
