using System.Text.Json;
using Hikigane.Resources.Deliveries;
using Microsoft.Data.Sqlite;

namespace Hikigane.Ledger;

/// <summary>
/// The durable record of events and of what was decided about them. An event is on disk before its sender gets an answer; its verdict is added
/// once, when it is known; what has no verdict after a restart is decided then. Any thread may call.
/// </summary>
public sealed class SqliteLedger : IAsyncDisposable
{
    private readonly string connectionString;
    private readonly SqliteConnection writer;
    private readonly GroupCommit commits;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task checkpoints;

    private SqliteLedger(string connectionString, TimeProvider time, bool isOnDisk)
    {
        this.connectionString = connectionString;
        Reader = new LedgerReader(connectionString);
        writer = Open();
        LedgerSchema.Create(writer, isOnDisk);
        commits = new GroupCommit(writer);
        checkpoints = isOnDisk ? Task.Run(() => CheckpointAsync(time)) : Task.CompletedTask;
    }

    /// <summary>Reads what was written here.</summary>
    public LedgerReader Reader { get; }

    /// <summary>Opens or makes the ledger in a file.</summary>
    public static SqliteLedger OpenFile(string path, TimeProvider time) =>
        new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString(), time, isOnDisk: true);

    /// <summary>A ledger that is gone with the process.</summary>
    public static SqliteLedger InMemory(TimeProvider time) => new(
        new SqliteConnectionStringBuilder
        {
            DataSource = $"ledger-{Guid.NewGuid():N}",
            Mode = SqliteOpenMode.Memory,
            Cache = SqliteCacheMode.Shared,
            Pooling = false,
        }.ToString(), time, isOnDisk: false);

    /// <summary>Completes when the event is on disk: only then may it be acknowledged.</summary>
    public Task AppendAsync(ReceivedEvent received, CancellationToken cancellationToken) =>
        commits.WriteAsync(connection => Insert(connection, received), cancellationToken);

    /// <summary>Completes when the verdicts are on disk. Deciding an event again replaces its verdict.</summary>
    public Task DecideAsync(Delivery delivery, CancellationToken cancellationToken) =>
        commits.WriteAsync(connection => Decide(connection, delivery), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await checkpoints;
        await commits.DisposeAsync();
        await writer.DisposeAsync();
        stopping.Dispose();
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    }

    private static void Insert(SqliteConnection connection, ReceivedEvent received)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            INSERT INTO events (id, ns, listener, listener_uid, received_at, remote, method, path, headers, body, replay_of)
            VALUES ($id, $ns, $listener, $uid, $at, $remote, $method, $path, $headers, $body, $replayOf)
            """;
        command.Parameters.AddWithValue("$id", received.EventId);
        command.Parameters.AddWithValue("$ns", received.ListenerNamespace);
        command.Parameters.AddWithValue("$listener", received.ListenerName);
        command.Parameters.AddWithValue("$uid", received.ListenerUid);
        command.Parameters.AddWithValue("$at", received.ReceivedAt.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$remote", received.RemoteAddress);
        command.Parameters.AddWithValue("$method", received.Method);
        command.Parameters.AddWithValue("$path", received.Path);
        command.Parameters.AddWithValue("$headers", Serialize(Redaction.Redact(received.Headers)));
        command.Parameters.AddWithValue("$body", received.Body.ToArray());
        command.Parameters.AddWithValue("$replayOf", (object?)received.ReplayOf ?? DBNull.Value);
        command.ExecuteNonQuery();
        if (received.Headers.Any(header => Redaction.IsSensitive(header.Key)))
        {
            using var keep = connection.CreateCommand();
            keep.CommandText = "INSERT INTO sensitive (seq, headers) VALUES (last_insert_rowid(), $headers)";
            keep.Parameters.AddWithValue("$headers", Serialize(received.Headers));
            keep.ExecuteNonQuery();
        }
    }

    private static void Decide(SqliteConnection connection, Delivery delivery)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            INSERT OR REPLACE INTO verdicts (seq, outcome, decided_at, attempt, triggers)
            SELECT seq, $outcome, $at, $attempt, $triggers FROM events WHERE id = $id;
            DELETE FROM sensitive WHERE seq = (SELECT seq FROM events WHERE id = $id);
            """;
        command.Parameters.AddWithValue("$id", delivery.Event.EventId);
        command.Parameters.AddWithValue("$outcome", delivery.Outcome.ToString());
        command.Parameters.AddWithValue("$at", (object?)delivery.DecidedAt?.ToUnixTimeMilliseconds() ?? DBNull.Value);
        command.Parameters.AddWithValue("$attempt", delivery.Attempt);
        command.Parameters.AddWithValue("$triggers", JsonSerializer.Serialize(delivery.Triggers, LedgerJson.Default.IReadOnlyListTriggerVerdict));
        command.ExecuteNonQuery();
    }

    private static string Serialize(IReadOnlyList<KeyValuePair<string, string>> headers) =>
        JsonSerializer.Serialize(headers, LedgerJson.Default.IReadOnlyListKeyValuePairStringString);

    /// <summary>Checkpoints belong off the writer's path: they are what makes its slowest commits slow.</summary>
    private async Task CheckpointAsync(TimeProvider time)
    {
        using var connection = Open();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token))
            {
                using var command = connection.CreateCommand();
                command.CommandText = "PRAGMA wal_checkpoint(PASSIVE)";
                command.ExecuteNonQuery();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
