using System.CommandLine;
using System.Text.Json.Nodes;
using Hikigane.Cli.Ledgers;
using Hikigane.Cli.Text;
using Hikigane.Ledger;

namespace Hikigane.Cli.Commands.Events;

/// <summary><c>hikigane event ls</c>: a line per event, the newest first.</summary>
internal static class EventListCommand
{
    public static Command Create()
    {
        var place = new LedgerPlace();
        var filter = new EventFilter(limit: 50);
        var output = CommonOptions.Output("text, wide, name, json or yaml");
        var command = new Command("ls", "List events, the newest first") { output };
        command.Aliases.Add("list");
        place.AddTo(command);
        filter.AddTo(command);
        command.SetAction(parsed =>
        {
            var reader = place.Read(parsed);
            var query = filter.Query(parsed, reader);
            var deliveries = reader.List(query);
            var format = parsed.GetValue(output)!;
            switch (format)
            {
                case "text" or "wide" when deliveries.Count == 0:
                    Console.Error.WriteLine("No events.");
                    return ExitCode.Done;
                case "text" or "wide":
                    DeliveryTable.Write(Console.Out, deliveries, isWide: format == "wide");
                    if (deliveries.Count == query.Limit && !Console.IsOutputRedirected)
                    {
                        Console.Error.WriteLine($"There may be more: --before {DeliverySummary.ShortId(deliveries[^1].Event.EventId)}");
                    }

                    return ExitCode.Done;
                case "name":
                    foreach (var delivery in deliveries)
                    {
                        Console.WriteLine("event/" + delivery.Event.EventId);
                    }

                    return ExitCode.Done;
                default:
                    return Print.Json(Console.Out, new JsonArray([.. deliveries.Select(delivery => DeliveryJson.Of(delivery, withBody: false))]), format);
            }
        });
        return command;
    }
}
