using System.Text.Json;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Ledger;

/// <summary>An event as it is written: redacted, and spelled out by its caller, so that the one writer has nothing to do but write.</summary>
internal sealed record EventEntry
{
    private EventEntry(ReceivedEvent received, LedgerOptions options, KeptBody? kept)
    {
        var redaction = new Redaction(options);
        Event = received;
        Body = kept is { IsChanged: true } ? kept.Bytes : received.Body.ToArray();
        Path = redaction.Path(received.Path);
        Headers = Serialize(redaction.Headers(received.Headers));
        Sensitive = kept is null && redaction.IsNeededFor(received) ? Serialize(received.Headers) : null;
    }

    public ReceivedEvent Event { get; }

    public byte[] Body { get; }

    public string Path { get; }

    public string Headers { get; }

    /// <summary>The headers as they were sent, when they must not be kept for good.</summary>
    public string? Sensitive { get; }

    public static EventEntry Of(ReceivedEvent received, LedgerOptions options) => new(received, options, null);

    /// <summary>An event whose verdict is written with it: nobody will need what must not be kept.</summary>
    public static EventEntry OfDecided(ReceivedEvent received, LedgerOptions options) => new(received, options, KeptBody.Of(received, options));

    private static string Serialize(IReadOnlyList<KeyValuePair<string, string>> headers) =>
        JsonSerializer.Serialize(headers, LedgerJson.Default.IReadOnlyListKeyValuePairStringString);
}

/// <summary>A verdict as it is written.</summary>
/// <param name="HasSensitive">Whether something waits in <c>sensitive</c> that goes with the decision.</param>
internal sealed record VerdictEntry(Delivery Delivery, string Triggers, KeptBody Kept, bool HasSensitive)
{
    /// <summary>Longer ids are not counted: an index is no place for what a stranger may make as long as he likes.</summary>
    public const int LongestId = 200;

    /// <summary>What the event is about, as it is kept.</summary>
    public required string Facts { get; init; }

    /// <summary>Whose delivery it is, within its listener; null when the sender gives no id, and for a replay, which nobody sent.</summary>
    public string? DeliveryKey { get; init; }

    public static VerdictEntry Of(Delivery delivery, LedgerOptions options)
    {
        var received = delivery.Event;
        var kept = KeptBody.Of(received, options);
        var facts = EventFacts.Of(received);
        var redaction = new Redaction(options);
        return new VerdictEntry(delivery, redaction.Verdicts(delivery), kept, redaction.IsNeededFor(received))
        {
            Facts = (kept.IsChanged ? EventFacts.Of(received with { Body = kept.Bytes }) : facts).ToJson(),
            DeliveryKey = facts.DeliveryId.Length is > 0 and <= LongestId && received is { Mode: DeliveryMode.Live, ReplayOf: null }
                ? $"{received.ListenerNamespace}/{received.ListenerName} {facts.Provider} {facts.DeliveryId}"
                : null,
        };
    }
}
