using System.Globalization;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Text;

/// <summary>What a delivery was about, as its sender would say it: <c>push acme/api refs/heads/main @1f3ac09</c>.</summary>
internal static class DeliverySummary
{
    /// <summary>The sender's name for it, with the action; the request where there is none.</summary>
    public static string Event(ReceivedEvent received)
    {
        var facts = EventFacts.Of(received);
        return facts.Event.Length == 0 ? $"{received.Method} {received.Path}" : facts.Action.Length == 0 ? facts.Event : $"{facts.Event} {facts.Action}";
    }

    /// <summary>As <see cref="Event(ReceivedEvent)"/>, with which time it was sent when it was sent before, <c>push (2nd attempt)</c>, or <c>push (replay)</c>.</summary>
    public static string Event(Delivery delivery) =>
        Event(delivery.Event) + (delivery.Event.ReplayOf is not null ? " (replay)" : delivery.DeliveryAttempt > 1 ? $" ({Ordinal(delivery.DeliveryAttempt)} attempt)" : "");

    /// <summary>1st, 2nd, 3rd, 4th, 11th, 21st.</summary>
    public static string Ordinal(int number) => string.Create(CultureInfo.InvariantCulture, $"{number}") + (number % 100 is >= 11 and <= 13 ? "th" : (number % 10) switch
    {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    });

    /// <summary>The last group of a UUID: enough to name an event. The first groups are its time, which neighbours share.</summary>
    public static string ShortId(string eventId) => eventId.Length == 36 ? eventId[^12..] : eventId;

    /// <summary>Repository, ref and commit where the body names them; empty otherwise.</summary>
    public static string Subject(ReceivedEvent received) => EventFacts.Of(received).Subject;

    public static (string Mark, string Word) Outcome(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Fired => ("●", "FIRED"),
        DeliveryOutcome.Partial => ("◐", "PARTIAL"),
        DeliveryOutcome.NoMatch => ("○", "NO MATCH"),
        DeliveryOutcome.Rejected => ("▲", "REJECTED"),
        DeliveryOutcome.Error => ("✕", "ERROR"),
        DeliveryOutcome.NoTriggers => ("○", "NO TRIGGERS"),
        _ => ("…", "PENDING"),
    };

    public static string Outcome(TriggerOutcome outcome) => outcome switch
    {
        TriggerOutcome.Fired => "fired",
        TriggerOutcome.Filtered => "filtered",
        TriggerOutcome.Rejected => "rejected",
        TriggerOutcome.NotSelected => "not selected",
        _ => "error",
    };

    /// <summary>Exit code of <c>why</c> (spec/ux.md §3.8): 0 fired, 3 not matched, 4 rejected, 5 error, 6 nothing received.</summary>
    public static int ExitCode(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Fired => 0,
        DeliveryOutcome.NoMatch or DeliveryOutcome.NoTriggers => 3,
        DeliveryOutcome.Rejected => 4,
        DeliveryOutcome.Partial or DeliveryOutcome.Error => 5,
        _ => 6,
    };
}
