using System.CommandLine;
using Hikigane.Cli.Text;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Commands;

/// <summary><c>hikigane why [ID|RUN]</c>: why an event did or did not start something, or which event started a run.</summary>
internal static class WhyCommand
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var subject = new Argument<string?>("ID|RUN")
        {
            Description = "Event id (or its beginning), or the name of a run; without it the newest event that did not fire",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("why", "Why an event did or did not start a run. Exit code: 0 fired, 3 not matched, 4 rejected, 5 error, 6 nothing received")
        {
            subject, data,
        };
        command.SetAction(parsed =>
        {
            var ledger = LedgerFile.Open(parsed.GetValue(data)!);
            var asked = parsed.GetValue(subject);
            var delivery = asked is null ? NewestUnfired(ledger) : ledger?.Find(asked) ?? ledger?.FindByCreated(RunName(asked));
            if (delivery is null)
            {
                Console.Error.WriteLine(asked is null
                    ? "No event was received."
                    : $"No event begins with \"{asked}\", and none created a run of that name. `hikigane event ls` lists them.");
                return 6;
            }

            WhyText.Write(Console.Out, delivery);
            return DeliverySummary.ExitCode(delivery.Outcome);
        });
        return command;
    }

    /// <summary>The newest delivery that fired nothing; when all fired, the newest.</summary>
    private static Delivery? NewestUnfired(LedgerReader? ledger)
    {
        var newest = ledger?.List(new LedgerQuery { Limit = 1000 }) ?? [];
        return newest.FirstOrDefault(delivery => delivery.Outcome != DeliveryOutcome.Fired) ?? (newest.Count > 0 ? newest[0] : null);
    }

    /// <summary><c>pipelinerun/NAME</c> and <c>run/NAME</c> name a run as kubectl does.</summary>
    private static string RunName(string asked) => asked[(asked.LastIndexOf('/') + 1)..];
}
