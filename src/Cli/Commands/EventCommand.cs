using System.CommandLine;
using System.Text.Json.Nodes;
using Hikigane.Cli.Text;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Commands;

/// <summary><c>hikigane event ls|show</c>: what the listeners received and what was decided. Reads the ledger, running or not.</summary>
internal static class EventCommand
{
    public static Command Create() => new("event", "Events that the listeners received") { List(), Show() };

    private static Command List()
    {
        var data = CommonOptions.Data();
        var output = CommonOptions.Output();
        var listener = new Option<string?>("--listener", "-l") { Description = "Only of this EventListener", HelpName = "NAME" };
        var ns = new Option<string?>("--namespace", "-n") { Description = "Only of this namespace", HelpName = "NAMESPACE" };
        var outcome = new Option<DeliveryOutcome?>("--outcome") { Description = "Only with this outcome" };
        var limit = new Option<int>("--limit") { Description = "At most so many", DefaultValueFactory = _ => 50 };
        var command = new Command("ls", "List events, the newest first") { data, output, listener, ns, outcome, limit };
        command.Aliases.Add("list");
        command.SetAction(parsed =>
        {
            var deliveries = LedgerFile.Open(parsed.GetValue(data)!)?.List(new LedgerQuery
            {
                Listener = parsed.GetValue(listener),
                Namespace = parsed.GetValue(ns),
                Outcome = parsed.GetValue(outcome),
                Limit = parsed.GetValue(limit),
            }) ?? [];
            if (parsed.GetValue(output) != "text")
            {
                var items = new JsonArray([.. deliveries.Select(delivery => DeliveryJson.Of(delivery, withBody: false))]);
                return Print.Json(Console.Out, items, parsed.GetValue(output)!);
            }

            if (deliveries.Count == 0)
            {
                Console.Error.WriteLine("No events.");
                return 0;
            }

            DeliveryTable.Write(Console.Out, deliveries);
            return 0;
        });
        return command;
    }

    private static Command Show()
    {
        var data = CommonOptions.Data();
        var output = CommonOptions.Output();
        var id = new Argument<string>("ID") { Description = "Event id, or its beginning" };
        var command = new Command("show", "Show one event with its request and its verdicts") { id, data, output };
        command.SetAction(parsed =>
        {
            var delivery = LedgerFile.Open(parsed.GetValue(data)!)?.Find(parsed.GetValue(id)!);
            if (delivery is null)
            {
                Console.Error.WriteLine($"No event, or more than one, begins with \"{parsed.GetValue(id)}\". `hikigane event ls` lists them.");
                return 6;
            }

            if (parsed.GetValue(output) != "text")
            {
                return Print.Json(Console.Out, DeliveryJson.Of(delivery, withBody: true), parsed.GetValue(output)!);
            }

            WhyText.Write(Console.Out, delivery);
            RequestText.Write(Console.Out, delivery);
            return 0;
        });
        return command;
    }
}
