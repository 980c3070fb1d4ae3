using System.CommandLine;
using System.Text.Json.Nodes;
using Hikigane.Cli.Ledgers;
using Hikigane.Cli.Text;
using Hikigane.Resources;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Commands.Events;

/// <summary><c>hikigane event back-test</c>: a changed filter, or a draft, over the events that were received: which verdicts would flip.</summary>
internal sealed class EventBackTestCommand
{
    private readonly LedgerPlace place = new();
    private readonly EventFilter filter = new(limit: 200);
    private readonly ObjectsPlace objects = new();
    private readonly Option<string?> trigger = new("--trigger") { Description = "Trigger that --filter belongs to; without it, the listener's only one", HelpName = "NAME" };
    private readonly Option<string?> expression = new("--filter") { Description = "CEL filter to try in place of the trigger's own", HelpName = "CEL" };
    private readonly Option<string> output = CommonOptions.Output();

    public static Command Create()
    {
        var made = new EventBackTestCommand();
        var command = new Command("back-test", "Try a changed filter (--filter) or drafts (-f) on events that were received: which verdicts would flip. Exit code 1 when any does")
        {
            made.trigger, made.expression, made.output,
        };
        made.place.AddTo(command);
        made.objects.AddTo(command);
        made.filter.AddTo(command);
        command.SetAction(made.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(expression) is null && !objects.HasDrafts(parsed))
        {
            throw new CliException("what is to be tried? Give --filter CEL, or drafts with -f", ExitCode.Usage);
        }

        var reader = place.Read(parsed);
        var deliveries = reader.List(filter.Query(parsed, reader)).Where(delivery => delivery.Outcome != DeliveryOutcome.Pending && !delivery.Event.IsRefused).Reverse().ToList();
        if (deliveries.Count == 0)
        {
            throw new CliException("there are no events to try it on", ExitCode.NothingReceived);
        }

        var known = await objects.LoadAsync(parsed, place.DataDirectory(parsed), filter.Namespace(parsed) ?? deliveries[^1].Event.ListenerNamespace, cancellationToken);
        if (parsed.GetValue(expression) is { } filterText)
        {
            known = ChangedFilter.In(known, Listener(parsed, deliveries), parsed.GetValue(trigger), filterText);
        }

        var result = await BackTest.RunAsync(known, deliveries, cancellationToken);
        if (parsed.GetValue(output) != "text")
        {
            Print.Json(Console.Out, Json(result), parsed.GetValue(output)!);
        }
        else
        {
            Write(result);
        }

        return result.Flips.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static ObjectKey Listener(ParseResult parsed, List<Delivery> deliveries)
    {
        var listeners = deliveries.Select(delivery => new ObjectKey(delivery.Event.ListenerNamespace, delivery.Event.ListenerName)).Distinct().ToList();
        return listeners is [var only] ? only
            : throw new CliException($"the events belong to {listeners.Count} listeners: choose one with -n and -l", ExitCode.Usage);
    }

    private static void Write(BackTest result)
    {
        foreach (var flip in result.Flips)
        {
            Console.WriteLine($"{flip.Event.ReceivedAt:yyyy-MM-dd HH:mm:ss'Z'}  {DeliverySummary.ShortId(flip.Event.EventId)}  {DeliverySummary.Event(flip.Event)} "
                + $"{DeliverySummary.Subject(flip.Event)}  {flip.Trigger}: {Word(flip.Before)} -> {Word(flip.After)}");
            if (flip.After?.Explain is { Length: > 0 } explain)
            {
                Console.WriteLine("    " + explain);
            }
        }

        foreach (var count in result.Counts)
        {
            Console.WriteLine($"{count.Trigger}: over the last {count.Events} events {count.Fired} true / {count.Events - count.Fired} false (was {count.FiredBefore} / {count.Events - count.FiredBefore})");
        }
    }

    private static JsonObject Json(BackTest result) => new()
    {
        ["flips"] = new JsonArray([.. result.Flips.Select(JsonNode (flip) => new JsonObject
        {
            ["eventID"] = flip.Event.EventId,
            ["trigger"] = flip.Trigger,
            ["before"] = Word(flip.Before),
            ["after"] = Word(flip.After),
            ["explain"] = flip.After?.Explain,
        })]),
        ["counts"] = new JsonArray([.. result.Counts.Select(JsonNode (count) => new JsonObject
        {
            ["trigger"] = count.Trigger,
            ["events"] = count.Events,
            ["fired"] = count.Fired,
            ["firedBefore"] = count.FiredBefore,
        })]),
    };

    private static string Word(TriggerVerdict? verdict) =>
        verdict is null ? "not there" : DeliverySummary.Outcome(verdict.Outcome) + (verdict.Cause.Length == 0 ? "" : $" [{verdict.Cause}]");
}
