using System.CommandLine;
using Hikigane.Ledger;
using Hikigane.Server.Listener;

namespace Hikigane.Cli.Commands.Roles;

/// <summary><c>hikigane listener</c>: one EventListener, with the arguments that its Deployment gives it.</summary>
internal static class ListenerCommand
{
    public static Command Create()
    {
        var flags = new RoleFlags(isListener: true);
        var kept = new LedgerFlags();
        var data = CommonOptions.Data();
        var port = new Option<int>("--port", "-port") { Description = "Port of events; 0 picks a free one", HelpName = "PORT", DefaultValueFactory = _ => 8080 };
        var command = new Command("listener", "Run an EventListener against an API. Takes the flags of upstream's eventlistenersink, --el-name and --el-namespace first")
        {
            data, port,
        };
        flags.AddTo(command);
        kept.AddTo(command);
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, cancellationToken) => flags.RunAsync(
            parsed, flags.Options(parsed, parsed.GetValue(port)),
            (role, token) => role.ListenerAsync(Sink(parsed, parsed.GetValue(port)), opening => OpenAsync(parsed.GetValue(data)!, kept, parsed, opening), token),
            cancellationToken));
        return command;
    }

    private static SinkOptions Sink(ParseResult parsed, int port)
    {
        try
        {
            return SinkOptions.Parse(parsed.UnmatchedTokens, Environment.GetEnvironmentVariable) with { Port = port };
        }
        catch (ArgumentException exception)
        {
            throw new CliException($"listener: {exception.Message}; it needs --el-name NAME and --el-namespace NAMESPACE", ExitCode.Usage);
        }
    }

    private static async Task<ILedger> OpenAsync(string directory, LedgerFlags kept, ParseResult parsed, CancellationToken cancellationToken)
    {
        if (kept.Address(parsed) is { } address)
        {
            return await PostgresLedger.OpenAsync(address, kept.Options(parsed), cancellationToken);
        }

        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A listener of a cluster has a read-only file system unless somebody gives it a volume.
            Console.Error.WriteLine($"hikigane listener: events are kept in memory only, and lost with the process: {exception.Message}. Name a PostgreSQL (HIKIGANE_LEDGER) or a volume (--data).");
            return SqliteLedger.InMemory(TimeProvider.System, kept.Options(parsed));
        }

        return SqliteLedger.OpenFile(Path.Combine(directory, "ledger.db"), TimeProvider.System, kept.Options(parsed));
    }
}
