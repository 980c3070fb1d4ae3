using System.CommandLine;
using System.Text.Json.Nodes;
using Hikigane.Cli.Ledgers;
using Hikigane.Cli.Text;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Server.Previews;

namespace Hikigane.Cli.Commands.Events;

/// <summary>
/// <c>hikigane event replay</c>: an event decided once more. Without <c>--run</c> it only shows what would happen; with it the listener decides a new
/// event that repeats the old one.
/// </summary>
internal sealed class EventReplayCommand
{
    private readonly LedgerPlace place = new();
    private readonly EventFilter filter = new(limit: 100);
    private readonly ObjectsPlace objects = new();
    private readonly ReplayEdits edits = new();
    private readonly Argument<string[]> ids = new("ID") { Description = "Events to replay; without any, those that the filters find", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> run = new("--run") { Description = "Really do it: a new event is decided by the listener, objects are created" };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Show what would happen; this is the default" };
    private readonly Option<bool> asWas = new("--as-was") { Description = "Decide with the listener and the triggers as they were when the event came; only without --run" };
    private readonly Option<bool> signAgain = new("--sign-again") { Description = "Replay an event although its signature was refused; it is signed with the stored Secret" };
    private readonly Option<bool> yes = new("--yes", "-y") { Description = "Do not ask" };
    private readonly Option<double> rate = new("--rate") { Description = "So many events a second at most", HelpName = "N", DefaultValueFactory = _ => 5 };
    private readonly Option<string> reason = new("--reason") { Description = "Why, for whoever looks later", HelpName = "TEXT", DefaultValueFactory = _ => "" };
    private readonly Option<double> wait = new("--wait") { Description = "Wait so many seconds for each verdict", HelpName = "SECONDS", DefaultValueFactory = _ => 10 };
    private readonly Option<string> output = CommonOptions.Output();

    public static Command Create()
    {
        var made = new EventReplayCommand();
        var command = new Command("replay", "Decide an event once more: shows what would happen, or does it with --run. Exit code as `why`")
        {
            made.ids, made.run, made.dryRun, made.asWas, made.signAgain, made.yes, made.rate, made.reason, made.wait, made.output,
        };
        made.place.AddTo(command);
        made.objects.AddTo(command);
        made.edits.AddTo(command);
        made.filter.AddTo(command);
        command.SetAction(made.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Check(parsed);
        var reader = place.Read(parsed);
        var originals = Originals(parsed, reader);
        if (!parsed.GetValue(run))
        {
            return await PreviewAsync(parsed, reader, originals, cancellationToken);
        }

        foreach (var original in originals.Where(one => Replays.IsSenderUnknown(one) && !parsed.GetValue(signAgain)))
        {
            throw new CliException(
                $"event {original.Event.EventId} was refused for its {(original.Event.IsRefused ? "sender" : "signature")}, so nobody knows who sent it. Look at it first; --sign-again replays it all the same", ExitCode.Usage);
        }

        Confirm(parsed, reader, originals);
        return await ReplayAsync(parsed, originals, cancellationToken);
    }

    private void Check(ParseResult parsed)
    {
        if (parsed.GetValue(run) && parsed.GetValue(dryRun))
        {
            throw new CliException("--run and --dry-run exclude each other", ExitCode.Usage);
        }

        if (parsed.GetValue(run) && (objects.HasDrafts(parsed) || parsed.GetValue(asWas)))
        {
            throw new CliException("the listener decides by what exists now: -f and --as-was only go without --run", ExitCode.Usage);
        }
    }

    private IReadOnlyList<Delivery> Originals(ParseResult parsed, LedgerReader reader)
    {
        if (parsed.GetValue(ids) is { Length: > 0 } named)
        {
            return [.. named.Select(id => reader.Find(id) ?? throw EventFilter.NoEvent(id))];
        }

        if (!filter.IsGiven(parsed))
        {
            throw new CliException("which events? Give ids, or filters such as --outcome error --since 1h", ExitCode.Usage);
        }

        var found = reader.List(filter.Query(parsed, reader));
        return found.Count > 0 ? [.. found.Reverse()] : throw new CliException("no event fits the filters", ExitCode.NothingReceived);
    }

    private async Task<int> PreviewAsync(ParseResult parsed, LedgerReader reader, IReadOnlyList<Delivery> originals, CancellationToken cancellationToken)
    {
        var shown = new JsonArray();
        var code = ExitCode.Done;
        foreach (var original in originals)
        {
            var today = await objects.LoadAsync(parsed, place.DataDirectory(parsed), original.Event.ListenerNamespace, cancellationToken);
            var known = parsed.GetValue(asWas) ? PastObjects.Of(reader, original, today) : today;
            using var preview = new EventPreview(known, TimeProvider.System);
            var replay = await edits.ApplyAsync(parsed, original.Event, parsed.GetValue(reason)!, cancellationToken);
            var decided = await preview.DecideAsync(replay, cancellationToken)
                ?? throw new CliException($"EventListener {replay.ListenerNamespace}/{replay.ListenerName} does not exist in {known.Source}");
            code = Math.Max(code, DeliverySummary.ExitCode(decided.Delivery.Outcome));
            if (parsed.GetValue(output) == "text")
            {
                PreviewText.Write(Console.Out, original, decided, known.Source);
            }
            else
            {
                shown.Add((JsonNode)PreviewText.Json(original, decided));
            }
        }

        if (parsed.GetValue(output) != "text")
        {
            JsonNode json = shown.Count == 1 ? shown[0]!.DeepClone() : shown;
            Print.Json(Console.Out, json, parsed.GetValue(output)!);
        }

        return code;
    }

    private void Confirm(ParseResult parsed, LedgerReader reader, IReadOnlyList<Delivery> originals)
    {
        var again = originals.Count(one => reader.List(new LedgerQuery { ReplayOf = one.Event.EventId, Limit = 1 }).Count > 0);
        if (parsed.GetValue(yes) || (originals.Count == 1 && again == 0))
        {
            return;
        }

        var question = $"Replay {originals.Count} event{(originals.Count == 1 ? "" : "s")} at {parsed.GetValue(rate)} a second"
            + (again == 0 ? "?" : $", {again} of which {(again == 1 ? "was" : "were")} replayed before?");
        if (Console.IsInputRedirected)
        {
            throw new CliException(question + " --yes says so", ExitCode.Usage);
        }

        Console.Error.Write(question + " [y/N] ");
        if (Console.ReadLine()?.Trim().ToUpperInvariant() is not ("Y" or "YES"))
        {
            throw new CliException("nothing was replayed");
        }
    }

    private async Task<int> ReplayAsync(ParseResult parsed, IReadOnlyList<Delivery> originals, CancellationToken cancellationToken)
    {
        await using var ledger = await place.WriteAsync(parsed, cancellationToken);
        var replays = new List<ReceivedEvent>();
        foreach (var original in originals)
        {
            if (replays.Count > 0 && parsed.GetValue(rate) > 0)
            {
                await Task.Delay(TimeSpan.FromSeconds(1 / parsed.GetValue(rate)), TimeProvider.System, cancellationToken);
            }

            var replay = await edits.ApplyAsync(parsed, original.Event, parsed.GetValue(reason)!, cancellationToken);
            await Replays.AddAsync(ledger, replay, cancellationToken);
            replays.Add(replay);
        }

        var shown = new JsonArray();
        var code = ExitCode.Done;
        foreach (var replay in replays)
        {
            var decided = await DecidedEvent.WaitAsync(ledger.Reader, replay.EventId, TimeSpan.FromSeconds(parsed.GetValue(wait)), cancellationToken);
            code = Math.Max(code, decided is null ? ExitCode.Done : DeliverySummary.ExitCode(decided.Outcome));
            if (parsed.GetValue(output) != "text")
            {
                shown.Add((JsonNode)DeliveryJson.Of(decided ?? new Delivery { Event = replay }, withBody: false));
            }
            else if (decided is not null)
            {
                WhyText.Write(Console.Out, decided);
            }
            else
            {
                Console.WriteLine($"event {replay.EventId} waits: it is decided as soon as the listener runs");
            }
        }

        return parsed.GetValue(output) == "text" ? code : Math.Max(Print.Json(Console.Out, shown, parsed.GetValue(output)!), code);
    }
}
