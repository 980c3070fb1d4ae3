using System.CommandLine;
using System.Text;
using Hikigane.Cli.Ledgers;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Commands.Events;

/// <summary><c>hikigane event export</c>: events as JSON lines, or one as the request that <c>hikigane test trigger</c> reads.</summary>
internal static class EventExportCommand
{
    public static Command Create()
    {
        var place = new LedgerPlace();
        var filter = new EventFilter(limit: 1_000_000);
        var id = new Argument<string?>("ID") { Description = "Only this event", Arity = ArgumentArity.ZeroOrOne };
        var shape = new Option<string>("--shape")
        {
            Description = "lines: everything that is known, one event a line, the oldest first; http: the request of one event, as `hikigane test trigger -e` reads it",
            HelpName = "SHAPE",
            DefaultValueFactory = _ => "lines",
        };
        shape.AcceptOnlyFromAmong("lines", "http");
        var output = new Option<string?>("--output", "-o") { Description = "File to write, instead of standard output", HelpName = "FILE" };
        var command = new Command("export", "Write events to a file; credentials stay redacted") { id, shape, output };
        place.AddTo(command);
        filter.AddTo(command);
        command.SetAction(parsed =>
        {
            var isHttp = parsed.GetValue(shape) == "http";
            if (isHttp && parsed.GetValue(id) is null)
            {
                throw new CliException("a file of the shape http holds one event: give its ID", ExitCode.Usage);
            }

            var reader = place.Read(parsed);
            var deliveries = parsed.GetValue(id) is { } one
                ? [reader.Find(one) ?? throw EventFilter.NoEvent(one)]
                : reader.List(filter.Query(parsed, reader)).Reverse().ToList();
            using var file = parsed.GetValue(output) is { } path ? new StreamWriter(path) : null;
            var writer = file ?? Console.Out;
            foreach (var delivery in deliveries)
            {
                if (isHttp)
                {
                    WriteRequest(writer, delivery.Event);
                }
                else
                {
                    writer.WriteLine(DeliveryJson.Of(delivery, withBody: true).ToJsonString());
                }
            }

            return deliveries.Count == 0 ? ExitCode.NothingReceived : ExitCode.Done;
        });
        return command;
    }

    /// <summary>Request line, headers, an empty line, and the body.</summary>
    private static void WriteRequest(TextWriter writer, ReceivedEvent received)
    {
        writer.Write($"{received.Method} {received.Path} {(received.HttpVersion.Length == 0 ? "HTTP/1.1" : received.HttpVersion)}\r\n");
        foreach (var header in received.Headers)
        {
            writer.Write($"{header.Key}: {header.Value}\r\n");
        }

        writer.Write("\r\n");
        writer.Write(Encoding.UTF8.GetString(received.Body.Span));
    }
}
