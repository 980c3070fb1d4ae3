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
internal sealed record VerdictEntry(Delivery Delivery, string Triggers, string? Facts, KeptBody Kept, bool HasSensitive)
{
    public static VerdictEntry Of(Delivery delivery, LedgerOptions options)
    {
        var redaction = new Redaction(options);
        return new(
            delivery, redaction.Verdicts(delivery), EventFacts.Of(delivery.Event).ToJson(), KeptBody.Of(delivery.Event, options),
            redaction.IsNeededFor(delivery.Event));
    }
}
