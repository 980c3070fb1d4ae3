using Hikigane.Resources.Deliveries;

namespace Hikigane.Ledger;

/// <summary>Which deliveries to read, the newest first.</summary>
public sealed record LedgerQuery
{
    public string? Namespace { get; init; }

    public string? Listener { get; init; }

    public DeliveryOutcome? Outcome { get; init; }

    public DateTimeOffset? Since { get; init; }

    /// <summary>At most so many.</summary>
    public int Limit { get; init; } = 50;
}
