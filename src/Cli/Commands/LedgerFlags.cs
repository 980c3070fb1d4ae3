using System.CommandLine;
using Hikigane.Ledger;

namespace Hikigane.Cli.Commands;

/// <summary>Where events are kept, how long, and what of them: the options of every command that writes the ledger.</summary>
internal sealed class LedgerFlags
{
    private readonly Option<string?> ledger = new("--ledger")
    {
        Description = "PostgreSQL that holds the events instead of a file: postgres://USER:PASSWORD@HOST/DATABASE or a connection string; also HIKIGANE_LEDGER",
        HelpName = "ADDRESS",
    };

    private readonly Option<int> events = new("--keep-events")
    {
        Description = "Keep so many events per listener",
        HelpName = "N",
        DefaultValueFactory = _ => new Retention().Deliveries,
    };

    private readonly Option<double> days = new("--keep-days")
    {
        Description = "Keep events so many days",
        HelpName = "N",
        DefaultValueFactory = _ => new Retention().Age.TotalDays,
    };

    private readonly Option<int> size = new("--keep-mib")
    {
        Description = "Keep so many MiB of events per listener",
        HelpName = "N",
        DefaultValueFactory = _ => (int)(new Retention().Bytes >> 20),
    };

    private readonly Option<bool> everything = new("--keep-everything") { Description = "Keep all events for ever" };

    private readonly Option<string[]> fields = new("--redact")
    {
        Description = "Field of the body that is not kept once an event is decided, such as body.commits[*].author.email; may be repeated",
        HelpName = "FIELD",
    };

    private readonly Option<string[]> headers = new("--redact-header")
    {
        Description = "Header that is not kept, besides those that carry credentials; may be repeated",
        HelpName = "NAME",
    };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { ledger, events, days, size, everything, fields, headers })
        {
            command.Options.Add(option);
        }
    }

    public string? Address(ParseResult parsed) => AddressOf(parsed.GetValue(ledger));

    public LedgerOptions Options(ParseResult parsed) => new()
    {
        RedactedFields = parsed.GetValue(fields) ?? [],
        RedactedHeaders = parsed.GetValue(headers) ?? [],
        Retention = new Retention
        {
            IsOff = parsed.GetValue(everything),
            Deliveries = parsed.GetValue(events),
            Age = TimeSpan.FromDays(parsed.GetValue(days)),
            Bytes = (long)parsed.GetValue(size) << 20,
        },
    };

    /// <summary>The option, else the environment: a password on a command line is seen by everybody on the machine.</summary>
    public static string? AddressOf(string? option) =>
        option ?? (Environment.GetEnvironmentVariable("HIKIGANE_LEDGER") is { Length: > 0 } address ? address : null);
}
