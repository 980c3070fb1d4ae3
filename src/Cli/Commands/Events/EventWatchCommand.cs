using System.CommandLine;
using System.Globalization;
using Hikigane.Cli.Ledgers;
using Hikigane.Cli.Text;
using Hikigane.Cli.Watch;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Commands.Events;

/// <summary>
/// <c>hikigane event watch</c>: events as they come in and are decided, until Ctrl-C. On a terminal a screen to look around in, elsewhere a line each.
/// </summary>
internal static class EventWatchCommand
{
    private const int Window = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    public static Command Create()
    {
        var place = new LedgerPlace();
        var filter = new EventFilter(limit: 0);
        var output = CommonOptions.Output("text, name, or json (one object a line)");
        var lines = new Option<bool>("--lines") { Description = "A line per event on a terminal too" };
        var command = new Command("watch", "Events as they come in: a screen on a terminal (arrows, d details, r replay, h history, q quit), a line each elsewhere; --limit N ends after so many lines")
        {
            output, lines,
        };
        place.AddTo(command);
        filter.AddTo(command);
        command.SetAction((parsed, cancellationToken) => parsed.GetValue(output) == "text" && !parsed.GetValue(lines) && filter.Limit(parsed) == 0 && WatchTerminal.IsThere
            ? ShowAsync(place, parsed, filter, cancellationToken)
            : RunAsync(place.Read(parsed), parsed, filter, parsed.GetValue(output)!, cancellationToken));
        return command;
    }

    private static async Task<int> ShowAsync(LedgerPlace place, ParseResult parsed, EventFilter filter, CancellationToken cancellationToken)
    {
        var reader = place.Read(parsed);
        await new WatchTerminal(reader, filter.Query(parsed, reader), ReplayAsync).RunAsync(cancellationToken);
        return ExitCode.Done;

        async Task<string> ReplayAsync(ReceivedEvent original, CancellationToken stopping)
        {
            await using var ledger = await place.WriteAsync(parsed, stopping);
            var replay = Replays.Of(original, TimeProvider.System.GetUtcNow(), "");
            await Replays.AddAsync(ledger, replay, stopping);
            return $"replayed as {DeliverySummary.ShortId(replay.EventId)}; the listener decides it as soon as it runs";
        }
    }

    private static async Task<int> RunAsync(LedgerReader reader, ParseResult parsed, EventFilter filter, string format, CancellationToken cancellationToken)
    {
        var query = filter.Query(parsed, reader) with { Limit = Window };
        var most = filter.Limit(parsed);
        var seen = reader.List(query with { Since = query.Since }).Where(IsDecided).Select(delivery => delivery.Event.EventId).ToHashSet();
        var printed = 0;
        if (!Console.IsOutputRedirected)
        {
            Console.Error.WriteLine("Waiting for events. Ctrl-C ends.");
        }

        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                foreach (var delivery in reader.List(query).Reverse().Where(delivery => IsDecided(delivery) && seen.Add(delivery.Event.EventId)))
                {
                    Write(delivery, format);
                    if (++printed == most)
                    {
                        return ExitCode.Done;
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
        }

        return ExitCode.Done;
    }

    private static bool IsDecided(Delivery delivery) => delivery.Outcome != DeliveryOutcome.Pending;

    private static void Write(Delivery delivery, string format)
    {
        switch (format)
        {
            case "json":
                Console.WriteLine(DeliveryJson.Of(delivery, withBody: false).ToJsonString());
                break;
            case "name":
                Console.WriteLine("event/" + delivery.Event.EventId);
                break;
            case "text":
                Console.WriteLine(Line(delivery));
                break;
            default:
                throw new CliException($"unknown output format \"{format}\": use text, name or json", ExitCode.Usage);
        }
    }

    private static string Line(Delivery delivery)
    {
        var facts = EventFacts.Of(delivery.Event);
        var (mark, word) = DeliverySummary.Outcome(delivery.Outcome);
        var subject = facts.Subject.Length == 0 ? "" : " " + facts.Subject;
        var triggers = string.Join(", ", delivery.Triggers.Select(DeliveryTable.Trigger));
        return $"{delivery.Event.ReceivedAt.ToString("HH:mm:ss", CultureInfo.InvariantCulture)}  {mark} {word,-11} "
            + $"{DeliverySummary.ShortId(delivery.Event.EventId)}  {delivery.Event.ListenerNamespace}/{delivery.Event.ListenerName}  "
            + $"{DeliverySummary.Event(delivery)}{subject}  {triggers}".TrimEnd();
    }
}
