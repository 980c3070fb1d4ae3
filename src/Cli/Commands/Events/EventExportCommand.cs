using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Cli.Ledgers;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Commands.Events;

/// <summary><c>hikigane event export</c>: events as JSON lines, or one as the file that <c>hikigane test trigger</c> reads.</summary>
internal static class EventExportCommand
{
    public static Command Create()
    {
        var place = new LedgerPlace();
        var filter = new EventFilter(limit: 1_000_000);
        var id = new Argument<string?>("ID") { Description = "Only this event", Arity = ArgumentArity.ZeroOrOne };
        var shape = new Option<string>("--shape")
        {
            Description = "lines: everything that is known, one event a line, the oldest first; request: the bare request that `hikigane test trigger` reads",
            HelpName = "SHAPE",
            DefaultValueFactory = _ => "lines",
        };
        shape.AcceptOnlyFromAmong("lines", "request");
        var output = new Option<string?>("--output", "-o") { Description = "File to write, instead of standard output", HelpName = "FILE" };
        var command = new Command("export", "Write events to a file; credentials stay redacted") { id, shape, output };
        place.AddTo(command);
        filter.AddTo(command);
        command.SetAction(parsed =>
        {
            var reader = place.Read(parsed);
            var deliveries = parsed.GetValue(id) is { } one
                ? [reader.Find(one) ?? throw EventFilter.NoEvent(one)]
                : reader.List(filter.Query(parsed, reader)).Reverse().ToList();
            using var file = parsed.GetValue(output) is { } path ? new StreamWriter(path) : null;
            foreach (var delivery in deliveries)
            {
                (file ?? Console.Out).WriteLine(parsed.GetValue(shape) == "lines"
                    ? DeliveryJson.Of(delivery, withBody: true).ToJsonString()
                    : Request(delivery.Event).ToJsonString());
            }

            return deliveries.Count == 0 ? ExitCode.NothingReceived : ExitCode.Done;
        });
        return command;
    }

    /// <summary>A body that is not a JSON object stays text.</summary>
    private static JsonObject Request(ReceivedEvent received)
    {
        var headers = new JsonObject();
        foreach (var header in received.Headers)
        {
            headers[header.Key] = headers[header.Key] is { } earlier ? $"{earlier}, {header.Value}" : header.Value;
        }

        var text = Encoding.UTF8.GetString(received.Body.Span);
        JsonNode? body;
        try
        {
            body = JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            body = null;
        }

        return new JsonObject { ["method"] = received.Method, ["path"] = received.Path, ["headers"] = headers, ["body"] = body ?? text };
    }
}
