using System.Globalization;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Text;

/// <summary>Everything that was decided about an event, when it was more than once; and whether it waits among the dead letters.</summary>
internal static class HistoryText
{
    public static void Write(TextWriter output, Delivery delivery, IReadOnlyList<DecisionRecord> history)
    {
        if (delivery.DeadLetter is { } letter)
        {
            output.WriteLine();
            output.WriteLine(letter.IsSettled
                ? $"dead letter, settled {Time(letter.SettledAt)} by {letter.SettledBy}: {letter.Settlement}"
                : $"dead letter since {Time(letter.At)}: {letter.Reason}");
        }

        if (history.Count < 2)
        {
            return;
        }

        output.WriteLine();
        output.WriteLine("decisions:");
        foreach (var decision in history)
        {
            var who = decision.By.Length == 0 ? "" : " by " + decision.By;
            var why = decision.Why.Length == 0 ? "" : ": " + decision.Why;
            var what = decision.Kind == "retry" ? $"attempt {decision.Attempt} failed" : DeliverySummary.Outcome(decision.Outcome).Word;
            var other = decision.EventId == delivery.Event.EventId ? "" : " as " + decision.EventId;
            output.WriteLine($"  {Time(decision.At)}  {decision.Kind,-8} {what}{other}{who}{why}");
        }
    }

    private static string Time(DateTimeOffset? at) => at?.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "not yet";
}
