using System.Text.Json.Serialization;

namespace Hikigane.Resources.Deliveries;

/// <summary>What became of one HTTP request to a listener, over all of its triggers.</summary>
public enum DeliveryOutcome
{
    /// <summary>Durable, not decided yet.</summary>
    Pending,

    /// <summary>Every selected trigger fired.</summary>
    Fired,

    /// <summary>Some fired, some did not although nothing was filtered on purpose.</summary>
    Partial,

    /// <summary>None fired, and every one was filtered: normal.</summary>
    NoMatch,

    /// <summary>Every one failed verification.</summary>
    Rejected,

    /// <summary>Some errored, none fired.</summary>
    Error,

    /// <summary>The listener selects no trigger.</summary>
    NoTriggers,
}

/// <summary>What became of an event for one trigger.</summary>
public enum TriggerOutcome
{
    Fired,
    Filtered,
    Rejected,
    Error,
    NotSelected,
}

/// <summary>How one stage of a trigger ended.</summary>
public enum StageResult
{
    Pass,
    Stop,
    Error,
    NotReached,
}

/// <summary>The request as it was received and acknowledged. Immutable once on disk.</summary>
public sealed record ReceivedEvent
{
    /// <summary>UUID; the <c>eventID</c> of the answer and of <c>$(context.eventID)</c>.</summary>
    public required string EventId { get; init; }

    public required string ListenerNamespace { get; init; }

    public required string ListenerName { get; init; }

    public required string ListenerUid { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }

    public string RemoteAddress { get; init; } = "";

    public required string Method { get; init; }

    /// <summary>Path with query, as sent.</summary>
    public required string Path { get; init; }

    /// <summary>Headers in the order they were sent. <c>Host</c> is among them.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>The body's bytes, as sent.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary><c>HTTP/1.1</c>; empty when it did not come over HTTP.</summary>
    public string HttpVersion { get; init; } = "";

    /// <summary>The status that the sender got.</summary>
    public int ResponseStatus { get; init; } = 202;

    public DeliveryMode Mode { get; init; } = DeliveryMode.Live;

    /// <summary>The event that this one repeats, for replays.</summary>
    public string? ReplayOf { get; init; }

    /// <summary>Who asked for a replay, and why; empty for live events.</summary>
    public string RequestedBy { get; init; } = "";

    public string Reason { get; init; } = "";

    /// <summary>How many bytes were sent, when the ledger keeps fewer; else the length of <see cref="Body"/>.</summary>
    public long BodyBytes { get => field == 0 ? Body.Length : field; init; }

    /// <summary>Whether the ledger keeps only the beginning of the body, or nothing of it.</summary>
    public bool IsTruncated => BodyBytes > Body.Length;

    /// <summary>Whether it was refused at the door: it has a verdict that says why, and no trigger saw it.</summary>
    public bool IsRefused => ResponseStatus >= 400;

    /// <summary>Hex digest of the body as it was sent, when the ledger changed it; else empty.</summary>
    public string BodySha256 { get; init; } = "";
}

/// <summary>The verdict of one trigger, with everything a person needs to understand it (spec/ux.md §3.3).</summary>
public sealed record TriggerVerdict
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary><c>inline</c>, <c>ref</c>, <c>selector</c> or <c>group(name)</c>; <c>listener</c> where no trigger was asked.</summary>
    public string Source { get; init; } = "inline";

    /// <summary>The <c>metadata.generation</c> that was decided by: the Trigger's, or the listener's for a trigger inline; null where the API gives none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Generation { get; init; }

    /// <summary>When its first stage behind the selector began; null where nobody looked at a clock.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? StartedAt { get; init; }

    public required TriggerOutcome Outcome { get; init; }

    /// <summary>The cause code of spec/ux.md §3.4, such as <c>filter.false</c>; empty when it fired.</summary>
    public string Cause { get; init; } = "";

    /// <summary>The upstream message, word for word.</summary>
    public string Message { get; init; } = "";

    /// <summary>A sentence for a person.</summary>
    public string Explain { get; init; } = "";

    /// <summary>What to do about it; empty when there is nothing to suggest.</summary>
    public string Fix { get; init; } = "";

    public IReadOnlyList<StageVerdict> Stages { get; init; } = [];

    public IReadOnlyList<ResolvedParam> Params { get; init; } = [];

    public IReadOnlyList<CreatedObject> Created { get; init; } = [];
}

/// <summary>One stage of a trigger: <c>selector</c>, <c>interceptor</c>, <c>groupInterceptor</c>, <c>bindings</c>, <c>template</c> or <c>create</c>.</summary>
public sealed record StageVerdict
{
    public required string Kind { get; init; }

    public string Name { get; init; } = "";

    public required StageResult Result { get; init; }

    /// <summary>Only where it did not begin when the stage before it ended.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Null for a stage that was not reached, and where nobody looked at a clock.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? DurationMs { get; init; }

    /// <summary>The gRPC code that an interceptor answered with, by name; null for OK and elsewhere.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    public string Message { get; init; } = "";

    /// <summary>What an interceptor changed; null when it changed nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StageChange? Change { get; init; }

    /// <summary>The sub-expressions of a CEL filter with their values, in source order; empty elsewhere.</summary>
    public IReadOnlyList<EvaluatedExpression> Expressions { get; init; } = [];
}

/// <summary>A sub-expression and what it gave. <paramref name="Value"/> is JSON text, an error text, or null when it was not evaluated.</summary>
public sealed record EvaluatedExpression(string Source, string? Value, bool IsError = false, int Depth = 0);

/// <summary>A template parameter with its value and where it came from: <c>binding push ← $(body.head_commit.id)</c>, or <c>default</c>.</summary>
public sealed record ResolvedParam(string Name, string Value, string Origin = "");

/// <summary>An object that the trigger created.</summary>
public sealed record CreatedObject(string ApiVersion, string Kind, string Namespace, string Name, string Uid);

/// <summary>A received event with what was decided about it.</summary>
public sealed record Delivery
{
    public required ReceivedEvent Event { get; init; }

    public DeliveryOutcome Outcome { get; init; } = DeliveryOutcome.Pending;

    public DateTimeOffset? DecidedAt { get; init; }

    public IReadOnlyList<TriggerVerdict> Triggers { get; init; } = [];

    /// <summary>How often processing was tried: 1 for the first time.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>
    /// Which time it was that this listener saw the sender's delivery id, as far as the ledger goes back: 1, 2, …; 0 when the sender gives none,
    /// for a replay, and until it is decided.
    /// </summary>
    public int DeliveryAttempt { get; init; }

    /// <summary>Not null when it was given up on.</summary>
    public DeadLetter? DeadLetter { get; init; }
}
