using System.Data.Common;
using Hikigane.Resources.Deliveries;
using Npgsql;

namespace Hikigane.Ledger;

/// <summary>
/// The ledger in PostgreSQL, for listeners with several replicas and for machines whose disks do not stay. Each write is a transaction of its
/// own; the server gathers what commits at the same time.
/// </summary>
public sealed class PostgresLedger : ILedger
{
    private readonly NpgsqlDataSource database;

    private PostgresLedger(NpgsqlDataSource database, LedgerOptions options)
    {
        this.database = database;
        Options = options;
        Reader = ReaderOf(database);
    }

    public LedgerReader Reader { get; }

    public LedgerOptions Options { get; }

    public bool IsShared => true;

    /// <summary>Whether a ledger is named by an address of PostgreSQL rather than by a file.</summary>
    public static bool IsAddress(string ledger) =>
        ledger.StartsWith("postgres://", StringComparison.Ordinal) || ledger.StartsWith("postgresql://", StringComparison.Ordinal)
        || ledger.Contains("Host=", StringComparison.OrdinalIgnoreCase);

    /// <summary>Connects and makes the tables where they are missing.</summary>
    public static async Task<PostgresLedger> OpenAsync(string address, LedgerOptions? options, CancellationToken cancellationToken)
    {
        var database = PostgresAddress.Open(address);
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            // Replicas start at the same time: one makes the tables, the others find them.
            connection.Execute("SELECT pg_advisory_xact_lock(4744312)");
            connection.Execute(LedgerTables.For("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BIGINT", "BYTEA", "COLLATE \"C\""));
            AddColumns(connection);
            connection.Execute(LedgerTables.Indexes);
            await transaction.CommitAsync(cancellationToken);
            return new PostgresLedger(database, options ?? LedgerOptions.Default);
        }
        catch (Exception exception) when (exception is DbException or System.Net.Sockets.SocketException or TimeoutException)
        {
            await database.DisposeAsync();
            throw new LedgerException($"the ledger {PostgresAddress.Shown(address)} cannot be opened: {PostgresAddress.OneLine(exception)}", exception);
        }
    }

    /// <summary>Reads without making anything.</summary>
    public static LedgerReader OpenReader(string address) => ReaderOf(PostgresAddress.Open(address));

    public Task AppendAsync(ReceivedEvent received, CancellationToken cancellationToken)
    {
        var entry = EventEntry.Of(received, Options);
        return WriteAsync(session => LedgerWrites.Append(session, entry), cancellationToken);
    }

    public Task DecideAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var entry = VerdictEntry.Of(delivery, Options);
        return WriteAsync(session => LedgerWrites.Decide(session, entry), cancellationToken);
    }

    public Task RecordAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var (received, verdict) = (EventEntry.OfDecided(delivery.Event, Options), VerdictEntry.Of(delivery, Options));
        return WriteAsync(
            session =>
            {
                LedgerWrites.Append(session, received);
                LedgerWrites.Decide(session, verdict);
            }, cancellationToken);
    }

    public Task<string> ClaimAsync(DeliveryClaim claim, CancellationToken cancellationToken) =>
        WriteAsync(session => LedgerWrites.Claim(session, claim), cancellationToken);

    public Task PostponeAsync(FailedAttempt attempt, CancellationToken cancellationToken) =>
        WriteAsync(session => LedgerWrites.Postpone(session, attempt), cancellationToken);

    public Task DeadLetterAsync(Delivery delivery, string reason, CancellationToken cancellationToken)
    {
        var verdict = VerdictEntry.Of(delivery, Options);
        return WriteAsync(
            session =>
            {
                LedgerWrites.Decide(session, verdict);
                LedgerWrites.DeadLetter(session, delivery, reason);
            }, cancellationToken);
    }

    public Task<bool> SettleAsync(string eventId, string by, string settlement, DateTimeOffset at, CancellationToken cancellationToken) =>
        WriteAsync(session => LedgerWrites.Settle(session, eventId, by, settlement, at), cancellationToken);

    public Task ReplayAsync(ReceivedEvent replay, CancellationToken cancellationToken)
    {
        var entry = EventEntry.Of(replay, Options);
        return WriteAsync(session => LedgerWrites.Replay(session, entry), cancellationToken);
    }

    public async Task<IReadOnlyList<ReceivedEvent>> TakeReplaysAsync(string ns, string listener, CancellationToken cancellationToken)
    {
        if (Reader.WaitingReplays(ns, listener) == 0)
        {
            return [];
        }

        return Reader.Pending(await WriteAsync(session => LedgerWrites.TakeReplays(session, ns, listener), cancellationToken));
    }

    public Task<IReadOnlyList<string>> LeaseAsync(
        IReadOnlyCollection<string> eventIds, string holder, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken) =>
        WriteAsync(session => LedgerWrites.Lease(session, eventIds, holder, (now, until)), cancellationToken);

    public Task ConfigureAsync(string ns, string listener, DateTimeOffset at, string manifests, CancellationToken cancellationToken) =>
        WriteAsync(session => LedgerWrites.Configure(session, (ns, listener), at, manifests), cancellationToken);

    public async Task<int> PruneAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var batch in LedgerPruning.Expired(Reader, Options.Retention, now).Chunk(LedgerPruning.LargestBatch))
        {
            removed += await WriteAsync(session => LedgerPruning.Remove(session, batch), cancellationToken);
        }

        await WriteAsync(LedgerPruning.RemoveSensitive, cancellationToken);
        await WriteAsync(session => LedgerPruning.RemoveLeases(session, now), cancellationToken);
        if (!Options.Retention.IsOff)
        {
            await WriteAsync(session => LedgerPruning.RemoveClaims(session, now - Options.Retention.Age), cancellationToken);
        }

        return removed;
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    /// <summary>What the first shape did not have. Looked for first: altering a table, even in vain, waits for whoever uses it.</summary>
    private static void AddColumns(DbConnection connection)
    {
        using var known = connection.Command(
            "SELECT count(*) FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'verdicts' AND column_name = 'delivery'");
        if ((long)known.ExecuteScalar()! == 0)
        {
            connection.Execute("ALTER TABLE verdicts ADD COLUMN delivery TEXT");
            connection.Execute(LedgerTables.Deliveries(name => $"facts::json ->> '{name}'"));
        }
    }

    private static LedgerReader ReaderOf(NpgsqlDataSource database) => new(database.CreateConnection, "in PostgreSQL");

    private Task<bool> WriteAsync(Action<LedgerSession> write, CancellationToken cancellationToken) => WriteAsync(
        session =>
        {
            write(session);
            return true;
        }, cancellationToken);

    private async Task<T> WriteAsync<T>(Func<LedgerSession, T> write, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            using var session = new LedgerSession(connection);
            var result = write(session);
            await transaction.CommitAsync(cancellationToken);
            return result;
        }
        catch (Exception exception) when (exception is DbException or TimeoutException)
        {
            throw new LedgerException($"the ledger in PostgreSQL cannot be written: {PostgresAddress.OneLine(exception)}", exception);
        }
    }
}
