namespace Hikigane.Resources.Deliveries;

/// <summary>
/// Deciding an event failed for a reason that may pass. The event stays pending; it is tried again at <see cref="NotBefore"/>, by this process
/// or by the next one. What is null was given up.
/// </summary>
public sealed record FailedAttempt
{
    public required string EventId { get; init; }

    /// <summary>1 for the first time.</summary>
    public required int Attempt { get; init; }

    public required DateTimeOffset At { get; init; }

    public DateTimeOffset? NotBefore { get; init; }

    public required string Message { get; init; }
}

/// <summary>An event that was given up on: it has a verdict that says why, and it waits for a person.</summary>
public sealed record DeadLetter
{
    public required string EventId { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Reason { get; init; }

    /// <summary>Null while it waits.</summary>
    public DateTimeOffset? SettledAt { get; init; }

    public string SettledBy { get; init; } = "";

    /// <summary>What became of it: <c>replayed as ID</c>, <c>dropped</c>, <c>forwarded to URL</c>.</summary>
    public string Settlement { get; init; } = "";

    public bool IsSettled => SettledAt is not null;
}

/// <summary>
/// The identity that a sender gave a delivery, within one listener: <c>X-GitHub-Delivery</c> and its like. Claimed after the signature was
/// verified, never before: else a stranger could claim the ids of events to come.
/// </summary>
public sealed record DeliveryClaim
{
    public required string ListenerNamespace { get; init; }

    public required string ListenerName { get; init; }

    /// <summary>Whose ids these are: <c>github</c>, <c>gitlab</c>, …</summary>
    public required string Provider { get; init; }

    public required string DeliveryId { get; init; }

    /// <summary>Who claims.</summary>
    public required string EventId { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>One time that an event was decided, or that deciding it was tried: who, when, why, and what came out.</summary>
public sealed record DecisionRecord
{
    /// <summary>The event that was decided: the event itself, or the one that replays it.</summary>
    public required string EventId { get; init; }

    /// <summary><c>original</c>, <c>retry</c>, <c>replay</c>, or <c>again</c> for one that replaced an earlier verdict.</summary>
    public required string Kind { get; init; }

    public required DateTimeOffset? At { get; init; }

    /// <summary>Who asked for it; empty for the listener itself.</summary>
    public string By { get; init; } = "";

    public string Why { get; init; } = "";

    public int Attempt { get; init; } = 1;

    public DeliveryOutcome Outcome { get; init; } = DeliveryOutcome.Pending;
}
