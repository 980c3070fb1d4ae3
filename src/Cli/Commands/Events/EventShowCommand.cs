using System.CommandLine;
using System.Text.Json.Nodes;
using Hikigane.Cli.Ledgers;
using Hikigane.Cli.Text;
using Hikigane.Ledger;

namespace Hikigane.Cli.Commands.Events;

/// <summary><c>hikigane event show</c>: one event with everything that is known about it.</summary>
internal static class EventShowCommand
{
    public static Command Create()
    {
        var place = new LedgerPlace();
        var output = CommonOptions.Output();
        var id = CommonOptions.EventId();
        var body = new Option<bool>("--body") { Description = "Only the body, byte for byte" };
        var headers = new Option<bool>("--headers") { Description = "Only the request line and the headers" };
        var command = new Command("show", "Show one event: its request, its verdicts, and everything that was decided about it") { id, output, body, headers };
        place.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var reader = place.Read(parsed);
            var delivery = reader.Find(parsed.GetValue(id)!) ?? throw EventFilter.NoEvent(parsed.GetValue(id)!);
            if (parsed.GetValue(body))
            {
                await using var bytes = Console.OpenStandardOutput();
                await bytes.WriteAsync(delivery.Event.Body, cancellationToken);
                return ExitCode.Done;
            }

            if (parsed.GetValue(headers))
            {
                RequestText.WriteHead(Console.Out, delivery.Event);
                return ExitCode.Done;
            }

            var history = reader.History(delivery.Event.EventId);
            if (parsed.GetValue(output) != "text")
            {
                var json = DeliveryJson.Of(delivery, withBody: true);
                json["decisions"] = new JsonArray([.. history.Select(DeliveryJson.Of)]);
                return Print.Json(Console.Out, json, parsed.GetValue(output)!);
            }

            WhyText.Write(Console.Out, delivery);
            StagesText.Write(Console.Out, delivery);
            HistoryText.Write(Console.Out, delivery, history);
            RequestText.Write(Console.Out, delivery);
            return ExitCode.Done;
        });
        return command;
    }
}
