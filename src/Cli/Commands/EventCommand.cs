using System.CommandLine;
using Hikigane.Cli.Commands.Events;

namespace Hikigane.Cli.Commands;

/// <summary><c>hikigane event …</c>: what the listeners received and what was decided. Reads the ledger, running or not.</summary>
internal static class EventCommand
{
    public static Command Create() => new("event", "Events that the listeners received")
    {
        EventListCommand.Create(),
        EventShowCommand.Create(),
        EventWatchCommand.Create(),
        EventSendCommand.Create(),
        EventReplayCommand.Create(),
        EventDiffCommand.Create(),
        EventExportCommand.Create(),
        EventBackTestCommand.Create(),
        EventSettleCommand.Create(),
    };
}
