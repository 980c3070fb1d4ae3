using Hikigane.Ledger;

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
