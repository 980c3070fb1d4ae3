using System.CommandLine;
using Hikigane.Cli.Ledgers;

namespace Hikigane.Cli.Commands.Events;

/// <summary><c>hikigane event settle</c>: takes an event off the dead letters without deciding it again.</summary>
internal static class EventSettleCommand
{
    public static Command Create()
    {
        var place = new LedgerPlace();
        var id = CommonOptions.EventId();
        var reason = new Option<string>("--reason") { Description = "What became of it, for whoever looks later", HelpName = "TEXT", DefaultValueFactory = _ => "dropped" };
        var command = new Command("settle", "Take an event off the dead letters without deciding it again (`event ls --dead-letters` lists them)") { id, reason };
        place.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var ledger = await place.WriteAsync(parsed, cancellationToken);
            var delivery = ledger.Reader.Find(parsed.GetValue(id)!) ?? throw EventFilter.NoEvent(parsed.GetValue(id)!);
            var isDone = await ledger.SettleAsync(
                delivery.Event.EventId, Environment.UserName, parsed.GetValue(reason)!, TimeProvider.System.GetUtcNow(), cancellationToken);
            if (!isDone)
            {
                throw new CliException($"event {delivery.Event.EventId} is not among the dead letters");
            }

            Console.WriteLine($"event {delivery.Event.EventId} is settled: {parsed.GetValue(reason)}");
            return ExitCode.Done;
        });
        return command;
    }
}
