using System.CommandLine;
using Hikigane.Cli.Ledgers;
using Hikigane.Cli.Text;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Server.Previews;

namespace Hikigane.Cli.Commands;

/// <summary><c>hikigane why [ID|RUN]</c>: why an event did or did not start something, or which event started a run.</summary>
internal sealed class WhyCommand
{
    private readonly LedgerPlace place = new();
    private readonly ObjectsPlace objects = new();
    private readonly Argument<string?> subject = new("ID|RUN")
    {
        Description = "Event id (or its beginning or end), or the name of a run; without it the newest event that did not fire",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> last = new("--last") { Description = "The newest event, whatever became of it" };
    private readonly Option<string?> listener = new("--listener", "-l") { Description = "Only of this EventListener", HelpName = "NAME" };
    private readonly Option<string?> ns = new("--namespace", "-n") { Description = "Only of this namespace", HelpName = "NAMESPACE" };
    private readonly Option<bool> draft = new("--draft") { Description = "Also decide the event by what exists now and the drafts of -f, creating nothing" };
    private readonly Option<string> output = CommonOptions.Output();

    public static Command Create()
    {
        var made = new WhyCommand();
        var command = new Command("why", "Why an event did or did not start a run. Exit code: 0 fired, 3 not matched, 4 rejected, 5 error, 6 nothing received")
        {
            made.subject, made.last, made.listener, made.ns, made.draft, made.output,
        };
        made.place.AddTo(command);
        made.objects.AddTo(command);
        command.SetAction(made.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var reader = place.Read(parsed);
        var delivery = Find(parsed, reader);
        if (parsed.GetValue(draft) || objects.HasDrafts(parsed))
        {
            return await DraftAsync(parsed, delivery, cancellationToken);
        }

        var history = reader.History(delivery.Event.EventId);
        if (parsed.GetValue(output) != "text")
        {
            var json = DeliveryJson.Of(delivery, withBody: false);
            json["decisions"] = new System.Text.Json.Nodes.JsonArray([.. history.Select(DeliveryJson.Of)]);
            Print.Json(Console.Out, json, parsed.GetValue(output)!);
        }
        else
        {
            WhyText.Write(Console.Out, delivery);
            HistoryText.Write(Console.Out, delivery, history);
            WhyText.WriteNext(Console.Out, delivery);
        }

        return DeliverySummary.ExitCode(delivery.Outcome);
    }

    private async Task<int> DraftAsync(ParseResult parsed, Delivery delivery, CancellationToken cancellationToken)
    {
        var known = await objects.LoadAsync(parsed, place.DataDirectory(parsed), delivery.Event.ListenerNamespace, cancellationToken);
        using var preview = new EventPreview(known, TimeProvider.System);
        var decided = await preview.DecideAsync(delivery.Event with { ReplayOf = delivery.Event.EventId }, cancellationToken)
            ?? throw new CliException($"EventListener {delivery.Event.ListenerNamespace}/{delivery.Event.ListenerName} does not exist in {known.Source}");
        if (parsed.GetValue(output) == "text")
        {
            PreviewText.Write(Console.Out, delivery, decided, known.Source);
        }
        else
        {
            Print.Json(Console.Out, PreviewText.Json(delivery, decided), parsed.GetValue(output)!);
        }

        return DeliverySummary.ExitCode(decided.Delivery.Outcome);
    }

    private Delivery Find(ParseResult parsed, LedgerReader reader)
    {
        if (parsed.GetValue(subject) is { } asked)
        {
            return reader.Find(asked) ?? reader.FindByCreated(RunName(asked)) ?? throw new CliException(
                $"no event has the id \"{asked}\", and none created a run of that name; `hikigane event ls` lists them", ExitCode.NothingReceived);
        }

        var query = new LedgerQuery { Namespace = parsed.GetValue(ns), Listener = parsed.GetValue(listener), Limit = 1 };
        if (!parsed.GetValue(last)
            && reader.List(query with { Where = one => one.Outcome is not (DeliveryOutcome.Fired or DeliveryOutcome.Pending) }) is [var unfired])
        {
            return unfired;
        }

        return reader.List(query) is [var newest] ? newest : throw new CliException("no event was received", ExitCode.NothingReceived);
    }

    /// <summary><c>pipelinerun/NAME</c> and <c>run/NAME</c> name a run as kubectl does.</summary>
    private static string RunName(string asked) => asked[(asked.LastIndexOf('/') + 1)..];
}
