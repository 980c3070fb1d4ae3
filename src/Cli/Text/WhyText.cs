using System.Globalization;
using Hikigane.Resources.Deliveries;
using Hikigane.Triggers.Verdicts;

namespace Hikigane.Cli.Text;

/// <summary>The answer to "why did my trigger (not) fire": a delivery, each trigger's verdict, where it stopped and what to do.</summary>
internal static class WhyText
{
    private const string Indent = "    ";
    private const int LongestValue = 160;

    /// <summary>From so many milliseconds on, how long a stage took is part of the answer.</summary>
    private const int Slow = 100;

    public static void Write(TextWriter output, Delivery delivery)
    {
        var (mark, word) = DeliverySummary.Outcome(delivery.Outcome);
        var received = delivery.Event;
        var subject = DeliverySummary.Subject(received);
        output.WriteLine(
            $"{mark} {word}  {DeliverySummary.Event(delivery)}{(subject.Length == 0 ? "" : " " + subject)}  " +
            $"{received.ReceivedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)}  " +
            $"listener {received.ListenerNamespace}/{received.ListenerName}");
        output.WriteLine($"event {received.EventId}{(received.IsRefused ? string.Create(CultureInfo.InvariantCulture, $"  answered with {received.ResponseStatus}") : "")}");
        if (EventFacts.Of(received) is { DeliveryId.Length: > 0 } facts)
        {
            var times = delivery.DeliveryAttempt > 0 ? $" ({DeliverySummary.Ordinal(delivery.DeliveryAttempt)} time)" : "";
            output.WriteLine($"{facts.Provider} delivery {facts.DeliveryId}{times}");
        }

        if (delivery.Outcome == DeliveryOutcome.NoTriggers)
        {
            output.WriteLine("The listener selects no trigger.");
        }

        foreach (var trigger in delivery.Triggers)
        {
            output.WriteLine();
            WriteTrigger(output, trigger);
        }
    }

    /// <summary>What a person may do next.</summary>
    public static void WriteNext(TextWriter output, Delivery delivery)
    {
        var id = DeliverySummary.ShortId(delivery.Event.EventId);
        var filtered = delivery.Triggers.FirstOrDefault(trigger => trigger.Cause.StartsWith("filter.", StringComparison.Ordinal));
        var next = delivery.Outcome switch
        {
            DeliveryOutcome.Fired => "",
            _ when delivery.Event.IsRefused && delivery.Event.Body.IsEmpty => "when it is mended, have the sender deliver it again",
            DeliveryOutcome.Pending => $"it is not decided yet; ask again: hikigane why {id}",
            _ when filtered is not null => $"hikigane event back-test -n {delivery.Event.ListenerNamespace} -l {delivery.Event.ListenerName} --trigger {filtered.Name} --filter 'EXPRESSION'",
            _ => $"when it is mended: hikigane event replay {id}, then again with --run",
        };
        if (next.Length > 0)
        {
            output.WriteLine();
            output.WriteLine("next: " + next);
        }
    }

    private static void WriteTrigger(TextWriter output, TriggerVerdict trigger)
    {
        var name = trigger.Name.Length > 0 ? trigger.Name : trigger.Source == RequestVerdict.Source ? "listener" : "(trigger without a name)";
        var cause = trigger.Cause.Length == 0 ? "" : $" [{trigger.Cause}]";
        output.WriteLine($"  {name}: {DeliverySummary.Outcome(trigger.Outcome)}{cause}{Where(trigger)}");
        WriteBlock(output, trigger.Explain);
        foreach (var expression in trigger.Stages.SelectMany(stage => stage.Expressions))
        {
            var value = expression.Value is null ? "(not evaluated)" : (expression.IsError ? "error: " : "") + expression.Value;
            output.WriteLine($"{Indent}{new string(' ', 2 * expression.Depth)}{expression.Source}   {(value.Length > LongestValue ? value[..LongestValue] + "…" : value)}");
        }

        if (trigger.Message.Length > 0 && trigger.Message != trigger.Explain)
        {
            WriteBlock(output, "message: " + trigger.Message);
        }

        if (trigger.Fix.Length > 0)
        {
            WriteBlock(output, "fix: " + trigger.Fix);
        }

        foreach (var created in trigger.Created)
        {
            output.WriteLine($"{Indent}created {created.Kind} {created.Namespace}/{created.Name}");
        }
    }

    private static string Where(TriggerVerdict trigger)
    {
        for (var i = 0; i < trigger.Stages.Count; i++)
        {
            if (trigger.Stages[i] is { Result: StageResult.Stop or StageResult.Error } stage)
            {
                var name = stage.Name.Length == 0 ? "" : " " + stage.Name;
                var took = stage.DurationMs >= Slow ? " after " + StagesText.Duration(stage) : "";
                return $", stopped at {stage.Kind}{name} ({i + 1} of {trigger.Stages.Count}){took}";
            }
        }

        return "";
    }

    private static void WriteBlock(TextWriter output, string text)
    {
        if (text.Length > 0)
        {
            output.WriteLine(Indent + text.ReplaceLineEndings("\n" + Indent));
        }
    }
}
