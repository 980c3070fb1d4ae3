using System.Globalization;
using Hikigane.Resources.Deliveries;
using Hikigane.Triggers.Verdicts;

namespace Hikigane.Cli.Text;

/// <summary><c>event ls</c>: a line per delivery, in columns as kubectl prints them.</summary>
internal static class DeliveryTable
{
    private static readonly string[] Header = ["TIME", "ID", "LISTENER", "EVENT", "SUBJECT", "OUTCOME", "TRIGGERS"];
    private static readonly string[] Wide = [.. Header, "TOOK", "ATTEMPT", "TRIES", "STATUS", "SENDER", "FROM", "MODE"];

    public static void Write(TextWriter output, IReadOnlyList<Delivery> deliveries, bool isWide = false)
    {
        string[][] rows = [isWide ? Wide : Header, .. deliveries.Select(delivery => isWide ? [.. Row(delivery, isWide), .. More(delivery)] : Row(delivery, isWide))];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            output.WriteLine(string.Join("   ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    private static string[] Row(Delivery delivery, bool isWide) =>
    [
        delivery.Event.ReceivedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        isWide ? delivery.Event.EventId : DeliverySummary.ShortId(delivery.Event.EventId),
        $"{delivery.Event.ListenerNamespace}/{delivery.Event.ListenerName}",
        DeliverySummary.Event(delivery),
        DeliverySummary.Subject(delivery.Event),
        DeliverySummary.Outcome(delivery.Outcome).Word,
        string.Join(", ", delivery.Triggers.Select(Trigger)),
    ];

    private static string[] More(Delivery delivery) =>
    [
        delivery.DecidedAt is { } at ? string.Create(CultureInfo.InvariantCulture, $"{(at - delivery.Event.ReceivedAt).TotalMilliseconds:0}ms") : "-",
        delivery.DeliveryAttempt == 0 ? "-" : delivery.DeliveryAttempt.ToString(CultureInfo.InvariantCulture),
        delivery.Attempt.ToString(CultureInfo.InvariantCulture) + (delivery.DeadLetter is { IsSettled: false } ? " dead" : ""),
        delivery.Event.ResponseStatus.ToString(CultureInfo.InvariantCulture),
        EventFacts.Of(delivery.Event).Sender is { Length: > 0 } sender ? sender : "-",
        delivery.Event.RemoteAddress,
        delivery.Event.ReplayOf is { } original ? "replay of " + DeliverySummary.ShortId(original) : delivery.Event.Mode.ToString().ToLowerInvariant(),
    ];

    public static string Trigger(TriggerVerdict trigger) => trigger.Source == RequestVerdict.Source
        ? trigger.Cause
        : $"{(trigger.Name.Length == 0 ? "-" : trigger.Name)}={(trigger.Cause.Length == 0 ? DeliverySummary.Outcome(trigger.Outcome) : trigger.Cause)}";
}
