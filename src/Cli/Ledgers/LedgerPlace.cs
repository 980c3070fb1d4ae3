using System.CommandLine;
using Hikigane.Cli.Commands;
using Hikigane.Ledger;

namespace Hikigane.Cli.Ledgers;

/// <summary>Where a command finds the events: a data directory, or a PostgreSQL. The same two options for every command that reads them.</summary>
internal sealed class LedgerPlace
{
    private readonly Option<string> data = CommonOptions.Data();

    private readonly Option<string?> ledger = new("--ledger")
    {
        Description = "PostgreSQL that holds the events, instead of a data directory; also HIKIGANE_LEDGER",
        HelpName = "ADDRESS",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(data);
        command.Options.Add(ledger);
    }

    public string DataDirectory(ParseResult parsed) => Path.GetFullPath(parsed.GetValue(data)!);

    /// <summary>Throws a <see cref="CliException"/> that says in one line why there is nothing to read.</summary>
    public LedgerReader Read(ParseResult parsed)
    {
        if (LedgerFlags.AddressOf(parsed.GetValue(ledger)) is { } address)
        {
            return PostgresLedger.OpenReader(address);
        }

        var directory = DataDirectory(parsed);
        return LedgerReader.OpenFile(FileIn(directory)) ?? throw new CliException(Absent(directory), ExitCode.NothingReceived);
    }

    /// <summary>Opens it for writing beside the process that runs it.</summary>
    public async Task<ILedger> WriteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (LedgerFlags.AddressOf(parsed.GetValue(ledger)) is { } address)
        {
            return await PostgresLedger.OpenAsync(address, null, cancellationToken);
        }

        var directory = DataDirectory(parsed);
        return File.Exists(FileIn(directory))
            ? SqliteLedger.OpenFile(FileIn(directory), TimeProvider.System)
            : throw new CliException(Absent(directory), ExitCode.NothingReceived);
    }

    private static string FileIn(string directory) => Path.Combine(directory, "ledger.db");

    private static string Absent(string directory) => Directory.Exists(directory)
        ? $"there are no events in {directory}: nothing ran there, or it ran with --in-memory. Give another directory with --data"
        : $"{directory} does not exist: start `hikigane up` first, or give its directory with --data";
}
