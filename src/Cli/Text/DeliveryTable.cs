using System.Globalization;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Text;

/// <summary><c>event ls</c>: a line per delivery, in columns as kubectl prints them.</summary>
internal static class DeliveryTable
{
    private static readonly string[] Header = ["TIME", "ID", "LISTENER", "EVENT", "SUBJECT", "OUTCOME", "TRIGGERS"];

    public static void Write(TextWriter output, IReadOnlyList<Delivery> deliveries)
    {
        string[][] rows = [Header, .. deliveries.Select(Row)];
        var widths = Enumerable.Range(0, Header.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            output.WriteLine(string.Join("   ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    private static string[] Row(Delivery delivery) =>
    [
        delivery.Event.ReceivedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        delivery.Event.EventId.Length > 8 ? delivery.Event.EventId[..8] : delivery.Event.EventId,
        $"{delivery.Event.ListenerNamespace}/{delivery.Event.ListenerName}",
        DeliverySummary.Event(delivery.Event),
        DeliverySummary.Subject(delivery.Event),
        DeliverySummary.Outcome(delivery.Outcome).Word,
        string.Join(", ", delivery.Triggers.Select(Trigger)),
    ];

    private static string Trigger(TriggerVerdict trigger) =>
        $"{(trigger.Name.Length == 0 ? "-" : trigger.Name)}={(trigger.Cause.Length == 0 ? DeliverySummary.Outcome(trigger.Outcome) : trigger.Cause)}";
}
