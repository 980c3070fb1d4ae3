using System.Globalization;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Triggers.Verdicts;

namespace Hikigane.Cli.Ledgers;

/// <summary>Events that repeat others: which may be repeated, under which id, and how the listener hears of it.</summary>
internal static class Replays
{
    /// <summary>Why an event is not replayed just so, in words for whoever asked; null when nothing speaks against it.</summary>
    public static string? Refusal(Delivery original) =>
        NoBody(original.Event) ?? (!IsSenderUnknown(original) ? null
            : $"it was refused for its {(original.Event.IsRefused ? "sender" : "signature")}, so nobody knows who sent it; hikigane event replay ID --run --sign-again replays it all the same");

    /// <summary>Nobody vouched for the sender: a signature, an address or a credential was not accepted.</summary>
    public static bool IsSenderUnknown(Delivery delivery) => delivery.Outcome == DeliveryOutcome.Rejected
        && delivery.Triggers.Any(trigger => trigger.Cause.StartsWith("signature.", StringComparison.Ordinal)
            || trigger.Cause is Causes.RequestAddress or Causes.RequestCertificate or Causes.RequestCredentials);

    /// <summary>Why the body that is kept is not the one that was sent.</summary>
    public static string? NoBody(ReceivedEvent original) => original switch
    {
        { IsRefused: true, Body.IsEmpty: true } => string.Create(CultureInfo.InvariantCulture,
            $"event {original.EventId} was refused with {original.ResponseStatus} and has no body here: give one with --body FILE"),
        { IsTruncated: true } => string.Create(CultureInfo.InvariantCulture,
            $"of the body of event {original.EventId} only {original.Body.Length} of {original.BodyBytes} bytes are kept: give the whole with --body FILE"),
        _ => null,
    };

    /// <summary>The event that repeats another one, under an id of its own.</summary>
    public static ReceivedEvent Of(ReceivedEvent original, DateTimeOffset now, string reason) => original with
    {
        EventId = Guid.CreateVersion7(now).ToString(),
        ReceivedAt = now,
        BodyBytes = 0,
        BodySha256 = "",
        ResponseStatus = 202,
        Mode = DeliveryMode.Replay,
        ReplayOf = original.EventId,
        RequestedBy = Environment.UserName,
        Reason = reason,
    };

    /// <summary>Leaves it for the listener; a dead letter that it repeats is settled.</summary>
    public static async Task AddAsync(ILedger ledger, ReceivedEvent replay, CancellationToken cancellationToken)
    {
        await ledger.ReplayAsync(replay, cancellationToken);
        await ledger.SettleAsync(replay.ReplayOf!, replay.RequestedBy, "replayed as " + replay.EventId, replay.ReceivedAt, cancellationToken);
    }
}
