using System.Globalization;
using Hikigane.Cli.Text;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Watch;

/// <summary>A line of the screen; <paramref name="Outcome"/> where the line is an event's.</summary>
internal sealed record WatchLine(string Text, bool IsSelected = false, DeliveryOutcome? Outcome = null);

/// <summary>A model → the lines of the screen, as many as it has and none wider.</summary>
internal static class WatchScreen
{
    private const string Keys = "↑↓ select   d details   r replay   h history, headers   q quit";
    private const string DetailKeys = "↑↓ scroll   d back   r replay   h history, headers / verdict   q quit";

    private static readonly string[] Columns = ["TIME", "OUTCOME", "ID", "EVENT", "SUBJECT", "TRIGGERS", "LISTENER"];

    /// <param name="model">What is to be seen.</param>
    /// <param name="details">The lines of <see cref="Details"/>, when they are open.</param>
    public static IReadOnlyList<WatchLine> Lines(WatchModel model, IReadOnlyList<string> details)
    {
        List<WatchLine> lines = model.IsOpen ? Opened(model, details) : List(model);
        while (lines.Count < model.Height - 1)
        {
            lines.Add(new WatchLine(""));
        }

        lines.Add(new WatchLine(model.IsAsking ? model.Question : model.Notice.Length > 0 ? model.Notice : model.IsOpen ? DetailKeys : Keys));
        return [.. lines.Select(line => line with { Text = Cells.Cut(Cells.Harmless(line.Text), model.Width) })];
    }

    /// <summary>Everything about one event, in lines of a width.</summary>
    public static IReadOnlyList<string> Details(Delivery delivery, IReadOnlyList<DecisionRecord> history, bool showsHistory, int width)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        WhyText.Write(text, delivery);
        if (showsHistory)
        {
            HistoryText.Write(text, delivery, history);
            RequestText.Write(text, delivery);
        }
        else
        {
            StagesText.Write(text, delivery);
            WhyText.WriteNext(text, delivery);
        }

        return [.. Cells.Wrap(text.ToString().TrimEnd(), width)];
    }

    private static List<WatchLine> List(WatchModel model)
    {
        var waiting = model.Above == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"   {model.Above} above");
        var lines = new List<WatchLine>
        {
            new(string.Create(CultureInfo.InvariantCulture, $"events: {model.Events.Count}{waiting}{(model.IsFollowing ? "   ● live" : "")}")),
        };
        if (model.Events.Count == 0)
        {
            lines.Add(new WatchLine("No events yet. Send one: hikigane event send github/push -l LISTENER"));
            return lines;
        }

        var shown = model.Events.Skip(model.Top).Take(model.Rows).ToList();
        var listeners = shown.Select(Listener).Distinct().ToList();
        string[][] rows = [Columns, .. shown.Select(Row)];
        if (listeners is [var only])
        {
            // It is the last column and says the same in each row: the title says it once.
            lines[0] = new WatchLine($"{lines[0].Text}   {only}");
            rows = [.. rows.Select(row => row[..^1])];
        }

        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => Cells.Width(row[column]))).ToArray();
        lines.Add(new WatchLine("  " + Joined(rows[0])));
        lines.AddRange(shown.Zip(rows.Skip(1), (delivery, row) =>
        {
            var isSelected = delivery.Event.EventId == model.Selected;
            return new WatchLine((isSelected ? "▸ " : "  ") + Joined(row), isSelected, delivery.Outcome);
        }));
        return lines;

        string Joined(string[] row) => string.Join("  ", row.Select((cell, column) => Cells.Pad(cell, widths[column]))).TrimEnd();
    }

    private static string Listener(Delivery delivery) => $"{delivery.Event.ListenerNamespace}/{delivery.Event.ListenerName}";

    private static string[] Row(Delivery delivery)
    {
        var (mark, word) = DeliverySummary.Outcome(delivery.Outcome);
        string[] cells =
        [
            delivery.Event.ReceivedAt.ToString("HH:mm:ss", CultureInfo.InvariantCulture), $"{mark} {word}", DeliverySummary.ShortId(delivery.Event.EventId),
            DeliverySummary.Event(delivery), DeliverySummary.Subject(delivery.Event), string.Join(", ", delivery.Triggers.Select(DeliveryTable.Trigger)),
            Listener(delivery),
        ];
        return [.. cells.Select(Cells.Harmless)];
    }

    private static List<WatchLine> Opened(WatchModel model, IReadOnlyList<string> details)
    {
        var last = Math.Min(details.Count, model.Scroll + model.Rows);
        return
        [
            new WatchLine(string.Create(CultureInfo.InvariantCulture, $"{(model.ShowsHistory ? "history and request" : "verdict")}   lines {Math.Min(model.Scroll + 1, last)}-{last} of {details.Count}")),
            new WatchLine(""),
            .. details.Skip(model.Scroll).Take(model.Rows).Select(line => new WatchLine(line)),
        ];
    }
}
