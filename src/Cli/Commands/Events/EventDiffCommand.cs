using System.CommandLine;
using System.Text.Json.Nodes;
using Hikigane.Cli.Ledgers;
using Hikigane.Cli.Text;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Commands.Events;

/// <summary><c>hikigane event diff A B</c>: how two events differ, in what was decided, in the headers and in the body.</summary>
internal static class EventDiffCommand
{
    public static Command Create()
    {
        var place = new LedgerPlace();
        var output = CommonOptions.Output();
        var left = new Argument<string>("A") { Description = "Event id, its beginning or its end" };
        var right = new Argument<string>("B") { Description = "The other event; `fired` is the newest of the same listener before A that fired" };
        var command = new Command("diff", "Compare two events: decisions, headers and body. Exit code 1 when they differ") { left, right, output };
        place.AddTo(command);
        command.SetAction(parsed =>
        {
            var reader = place.Read(parsed);
            var a = reader.Find(parsed.GetValue(left)!) ?? throw EventFilter.NoEvent(parsed.GetValue(left)!);
            var b = parsed.GetValue(right) == "fired" ? LastFired(reader, a) : reader.Find(parsed.GetValue(right)!) ?? throw EventFilter.NoEvent(parsed.GetValue(right)!);
            var differences = EventDifference.Between(a, b);
            if (parsed.GetValue(output) != "text")
            {
                var code = Print.Json(Console.Out, new JsonArray([.. differences.Select(one => one.ToJson())]), parsed.GetValue(output)!);
                return code == 0 && differences.Count > 0 ? ExitCode.Failed : code;
            }

            Console.WriteLine($"A {Title(a)}");
            Console.WriteLine($"B {Title(b)}");
            foreach (var part in differences.GroupBy(one => one.Part))
            {
                Console.WriteLine();
                Console.WriteLine(part.Key);
                foreach (var one in part)
                {
                    Console.WriteLine($"  {one.Path}{(one.IsRead ? "   (read by a filter or a binding)" : "")}");
                    Console.WriteLine($"    A {one.Left ?? "(absent)"}");
                    Console.WriteLine($"    B {one.Right ?? "(absent)"}");
                }
            }

            if (differences.Count == 0)
            {
                Console.WriteLine("They do not differ.");
            }

            return differences.Count == 0 ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static Delivery LastFired(Ledger.LedgerReader reader, Delivery a) => reader.List(new Ledger.LedgerQuery
    {
        Namespace = a.Event.ListenerNamespace,
        Listener = a.Event.ListenerName,
        Outcome = DeliveryOutcome.Fired,
        Before = a.Event.EventId,
        Limit = 1,
    }) is [var fired] ? fired : throw new CliException("no event of this listener fired before", ExitCode.NothingReceived);

    private static string Title(Delivery delivery) =>
        $"{delivery.Event.EventId}  {delivery.Event.ReceivedAt:u}  {DeliverySummary.Event(delivery.Event)} {DeliverySummary.Subject(delivery.Event)}  {DeliverySummary.Outcome(delivery.Outcome).Word}";
}
