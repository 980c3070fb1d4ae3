using Hikigane.Resources.Deliveries;
using Microsoft.Data.Sqlite;

namespace Hikigane.Ledger;

/// <summary>The ledger in a file of this machine, or in memory: one writer that commits for all who wait, readers beside it.</summary>
public sealed class SqliteLedger : ILedger
{
    private readonly string connectionString;
    private readonly SqliteConnection writer;
    private readonly GroupCommit commits;
    private readonly Checkpoints? checkpoints;
    private readonly LedgerLooks looks;

    private SqliteLedger(string connectionString, TimeProvider time, LedgerOptions options, string? path)
    {
        this.connectionString = connectionString;
        Options = options;
        Reader = new LedgerReader(() => new SqliteConnection(connectionString), path ?? "in memory");
        writer = Open();
        SqliteSchema.Create(writer, isOnDisk: path is not null);
        commits = new GroupCommit(writer);
        looks = new LedgerLooks(Open());
        checkpoints = path is null ? null : new Checkpoints(Open(), time);
    }

    public LedgerReader Reader { get; }

    public LedgerOptions Options { get; }

    /// <summary>A file has one process that decides.</summary>
    public bool IsShared => false;

    /// <summary>Opens or makes the ledger in a file.</summary>
    public static SqliteLedger OpenFile(string path, TimeProvider time, LedgerOptions? options = null)
    {
        try
        {
            // Payloads are private, and whoever writes here may replay: for its owner only. The log beside it takes its mode from it.
            if (!File.Exists(path) && !OperatingSystem.IsWindows())
            {
                File.Open(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
            }

            return new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString(), time, options ?? LedgerOptions.Default, path);
        }
        catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new LedgerException($"the ledger {path} cannot be opened: {exception.Message}", exception);
        }
    }

    /// <summary>A ledger that is gone with the process.</summary>
    public static SqliteLedger InMemory(TimeProvider time, LedgerOptions? options = null) => new(
        new SqliteConnectionStringBuilder
        {
            DataSource = $"ledger-{Guid.NewGuid():N}",
            Mode = SqliteOpenMode.Memory,
            Cache = SqliteCacheMode.Shared,
            Pooling = false,
        }.ToString(), time, options ?? LedgerOptions.Default, path: null);

    public Task AppendAsync(ReceivedEvent received, CancellationToken cancellationToken)
    {
        var entry = EventEntry.Of(received, Options);
        return commits.WriteAsync(session => LedgerWrites.Append(session, entry), cancellationToken);
    }

    public Task DecideAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var entry = VerdictEntry.Of(delivery, Options);
        return commits.WriteAsync(session => LedgerWrites.Decide(session, entry), cancellationToken);
    }

    public Task RecordAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var (received, verdict) = (EventEntry.OfDecided(delivery.Event, Options), VerdictEntry.Of(delivery, Options));
        return commits.WriteAsync(
            session =>
            {
                LedgerWrites.Append(session, received);
                LedgerWrites.Decide(session, verdict);
            }, cancellationToken);
    }

    public Task<string> ClaimAsync(DeliveryClaim claim, CancellationToken cancellationToken) =>
        WriteAsync(session => LedgerWrites.Claim(session, claim), cancellationToken);

    public Task PostponeAsync(FailedAttempt attempt, CancellationToken cancellationToken) =>
        commits.WriteAsync(session => LedgerWrites.Postpone(session, attempt), cancellationToken);

    public Task DeadLetterAsync(Delivery delivery, string reason, CancellationToken cancellationToken)
    {
        var verdict = VerdictEntry.Of(delivery, Options);
        return commits.WriteAsync(
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
        return commits.WriteAsync(session => LedgerWrites.Replay(session, entry), cancellationToken);
    }

    public async Task<IReadOnlyList<ReceivedEvent>> TakeReplaysAsync(string ns, string listener, CancellationToken cancellationToken)
    {
        var version = looks.Version();
        if (looks.HasSeen((ns, listener), version))
        {
            return [];
        }

        if (Reader.WaitingReplays(ns, listener) == 0)
        {
            looks.Saw((ns, listener), version);
            return [];
        }

        var taken = await WriteAsync(session => LedgerWrites.TakeReplays(session, ns, listener), cancellationToken);
        return Reader.Pending(taken);
    }

    public Task<IReadOnlyList<string>> LeaseAsync(
        IReadOnlyCollection<string> eventIds, string holder, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken) =>
        WriteAsync(session => LedgerWrites.Lease(session, eventIds, holder, (now, until)), cancellationToken);

    public Task ConfigureAsync(string ns, string listener, DateTimeOffset at, string manifests, CancellationToken cancellationToken) =>
        commits.WriteAsync(session => LedgerWrites.Configure(session, (ns, listener), at, manifests), cancellationToken);

    public async Task<int> PruneAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var batch in LedgerPruning.Expired(Reader, Options.Retention, now).Chunk(LedgerPruning.LargestBatch))
        {
            removed += await WriteAsync(session => LedgerPruning.Remove(session, batch), cancellationToken);
        }

        await commits.WriteAsync(
            session =>
            {
                LedgerPruning.RemoveSensitive(session);
                LedgerPruning.RemoveLeases(session, now);
            }, cancellationToken);
        if (!Options.Retention.IsOff)
        {
            await commits.WriteAsync(session => LedgerPruning.RemoveClaims(session, now - Options.Retention.Age), cancellationToken);
        }

        foreach (var batch in BodyPacking.Candidates(Reader).Chunk(BodyPacking.LargestBatch))
        {
            await commits.WriteAsync(session => BodyPacking.Pack(session, batch), cancellationToken);
        }

        return removed;
    }

    public async ValueTask DisposeAsync()
    {
        if (checkpoints is not null)
        {
            await checkpoints.DisposeAsync();
        }

        await commits.DisposeAsync();
        looks.Dispose();
        await writer.DisposeAsync();
    }

    private async Task<T> WriteAsync<T>(Func<LedgerSession, T> write, CancellationToken cancellationToken)
    {
        T? result = default;
        await commits.WriteAsync(session => result = write(session), cancellationToken);
        return result!;
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    }
}
