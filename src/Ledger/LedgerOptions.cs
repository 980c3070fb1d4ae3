namespace Hikigane.Ledger;

/// <summary>What the ledger keeps of an event, and for how long (spec/ux.md §3.3).</summary>
public sealed record LedgerOptions
{
    public static readonly LedgerOptions Default = new();

    /// <summary>Of a longer body the beginning is kept, once the event is decided.</summary>
    public int LargestBody { get; init; } = 1024 * 1024;

    /// <summary>Headers that are redacted besides those of <see cref="Redaction"/>.</summary>
    public IReadOnlyList<string> RedactedHeaders { get; init; } = [];

    /// <summary>
    /// Places in the body that are redacted once the event is decided: <c>body.user.email</c>, <c>$.commits[*].author</c>. Of a body that is no JSON
    /// nothing is kept then.
    /// </summary>
    public IReadOnlyList<string> RedactedFields { get; init; } = [];

    public Retention Retention { get; init; } = new();
}

/// <summary>
/// How much is kept, per listener: whatever limit is reached first counts. Events that are not decided, and dead letters that nobody settled,
/// are kept longer. The proposal of spec/ux.md keeps 500 events; one incident has more, so the default here is larger.
/// </summary>
public sealed record Retention
{
    public static readonly Retention Everything = new() { IsOff = true };

    public bool IsOff { get; init; }

    public int Deliveries { get; init; } = 10_000;

    public TimeSpan Age { get; init; } = TimeSpan.FromDays(7);

    public long Bytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>
    /// Requests that were refused at the door have this part of the count and of the bytes to themselves: whoever is not let in
    /// must not drive out the events of those who are.
    /// </summary>
    public const int PartOfRefused = 10;

    /// <summary>Dead letters that wait for a person go after this.</summary>
    public TimeSpan DeadLetterAge { get; init; } = TimeSpan.FromDays(30);
}
