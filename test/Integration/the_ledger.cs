using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Integration;

/// <summary>The ledger in a file.</summary>
public sealed class TheLedgerInAFile : LedgerSuite
{
    private readonly string folder = Directory.CreateTempSubdirectory("hikigane-ledger-").FullName;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_ledger_of_an_older_version_is_read_and_knows_how_often_a_delivery_came()
    {
        var path = Path.Combine(folder, "older.db");
        await using (var written = SqliteLedger.OpenFile(path, TimeProvider.System))
        {
            await RecordAsync(written, "a1");
            await RecordAsync(written, "a2");
        }

        // As version 2 had it.
        await using (var older = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={path};Pooling=False"))
        {
            await older.OpenAsync(Stop);
            await using var command = older.CreateCommand();
            command.CommandText = "DROP INDEX verdicts_delivery; ALTER TABLE verdicts DROP COLUMN delivery; PRAGMA user_version = 2";
            await command.ExecuteNonQueryAsync(Stop);
        }

        Assert.Equal([2, 1], LedgerReader.OpenFile(path)!.List(new LedgerQuery()).Select(one => one.DeliveryAttempt));
        await using var again = SqliteLedger.OpenFile(path, TimeProvider.System);
        await RecordAsync(again, "a3");
        Assert.Equal(3, again.Reader.Find("a3")!.DeliveryAttempt);

        static Task RecordAsync(ILedger ledger, string id) => ledger.RecordAsync(
            new Delivery
            {
                Event = new ReceivedEvent
                {
                    EventId = id,
                    ListenerNamespace = "ci",
                    ListenerName = "lamp",
                    ListenerUid = "",
                    ReceivedAt = DateTimeOffset.UnixEpoch,
                    Method = "POST",
                    Path = "/",
                    Headers = [new("X-GitHub-Event", "push"), new("X-GitHub-Delivery", "72d3")],
                    Body = "{}"u8.ToArray(),
                },
                Outcome = DeliveryOutcome.NoTriggers,
            }, Stop);
    }

    protected override Task<ILedger> OpenAsync(LedgerOptions options) =>
        Task.FromResult<ILedger>(SqliteLedger.OpenFile(Path.Combine(folder, "ledger.db"), TimeProvider.System, options));
}

/// <summary>The ledger in PostgreSQL.</summary>
public sealed class TheLedgerInPostgreSql(Postgres postgres) : LedgerSuite
{
    public override async ValueTask InitializeAsync()
    {
        await postgres.StartAsync(Stop);
        Assert.SkipWhen(postgres.Missing is not null, postgres.Missing ?? "");
        await base.InitializeAsync();
        await using var database = Npgsql.NpgsqlDataSource.Create(postgres.Address);
        await using var truncate = database.CreateCommand(
            "TRUNCATE events, verdicts, earlier_verdicts, sensitive, claims, attempts, dead_letters, waiting, leases, configurations");
        await truncate.ExecuteNonQueryAsync(Stop);
    }

    [Fact]
    public async Task An_address_that_leads_nowhere_is_said_in_one_line_without_its_password()
    {
        var exception = await Assert.ThrowsAsync<LedgerException>(
            () => PostgresLedger.OpenAsync("postgres://aiko:s3cret@127.0.0.1:1/none", null, Stop));

        Assert.StartsWith("the ledger postgres://127.0.0.1:1/none cannot be opened: ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    protected override async Task<ILedger> OpenAsync(LedgerOptions options) => await PostgresLedger.OpenAsync(postgres.Address, options, Stop);
}
