using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Hikigane.ApiServer.Store;

/// <summary>
/// The log on disk: <c>log(rv, …, value)</c> is the history in order, <c>obj</c> says which entry is an object's present state, so that a
/// value is stored once. The writer's connection is the writer thread's alone; checkpoints have their own.
/// </summary>
internal sealed class SqliteLog : IDisposable
{
    /// <summary>128 MiB of the write-ahead log.</summary>
    private const long MostPages = 16 * 1024;

    private const long KeptRevisions = 20_000;
    private const int CompactEvery = 5_000;

    private readonly string path;
    private readonly FileStream held;
    private readonly SqliteConnection connection;
    private readonly SqliteConnection background;
    private readonly SqliteCommand insert;
    private readonly SqliteCommand point;
    private readonly SqliteCommand unpoint;
    private long lastWal = -1;
    private int sinceCompaction;

    private SqliteLog(string path, FileStream held)
    {
        this.path = path;
        this.held = held;
        connection = Connect(path);
        Run(connection, "PRAGMA page_size=8192");
        Run(connection, "PRAGMA journal_mode=WAL");
        Run(connection, "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY");
        Run(connection, """
            CREATE TABLE IF NOT EXISTS log(rv INTEGER PRIMARY KEY, resource TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL,
                deleted INTEGER NOT NULL, value BLOB NOT NULL);
            CREATE TABLE IF NOT EXISTS obj(resource TEXT NOT NULL, ns TEXT NOT NULL, name TEXT NOT NULL, rv INTEGER NOT NULL,
                PRIMARY KEY(resource, ns, name)) WITHOUT ROWID;
            """);
        background = Connect(path);
        Run(background, "PRAGMA wal_autocheckpoint=0");
        insert = Command("INSERT INTO log(rv, resource, ns, name, deleted, value) VALUES($rv, $resource, $ns, $name, $deleted, $value)");
        point = Command("INSERT INTO obj(resource, ns, name, rv) VALUES($resource, $ns, $name, $rv) ON CONFLICT DO UPDATE SET rv = $rv");
        unpoint = Command("DELETE FROM obj WHERE resource = $resource AND ns = $ns AND name = $name");
    }

    /// <summary>Changes up to this revision cannot be watched any more: the ring is in memory and starts empty.</summary>
    public long Horizon { get; private set; }

    public static SqliteLog Open(string directory)
    {
        Directory.CreateDirectory(directory);
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new InvalidOperationException($"the data directory {directory} is in use by another process", exception);
        }

        try
        {
            return new SqliteLog(Path.Combine(directory, "objects.db"), held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>All live objects, and the revision that the log ends with.</summary>
    public Snapshot Load()
    {
        var snapshot = Snapshot.Empty;
        using var all = connection.CreateCommand();
        all.CommandText = "SELECT o.resource, o.ns, o.name, o.rv, l.value FROM obj o JOIN log l ON l.rv = o.rv";
        using (var rows = all.ExecuteReader())
        {
            while (rows.Read())
            {
                var key = new StoreKey(rows.GetString(0), rows.GetString(1), rows.GetString(2));
                var stored = new StoredObject(key, rows.GetInt64(3), rows.GetFieldValue<byte[]>(4));
                snapshot = snapshot.With(new StoreChange(stored.Revision, key, null, stored, false));
            }
        }

        using var last = connection.CreateCommand();
        last.CommandText = "SELECT COALESCE(MAX(rv), 0) FROM log";
        Horizon = (long)last.ExecuteScalar()!;
        return snapshot with { Revision = Horizon };
    }

    /// <summary>Appends in one transaction; when it returns, the changes are on disk.</summary>
    public void Append(IReadOnlyList<StoreChange> changes)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        insert.Transaction = point.Transaction = unpoint.Transaction = transaction;
        foreach (var change in changes)
        {
            Execute(insert, change.Key, change.Revision, change.IsDeletion, Bytes(change.After.Json));
            Execute(change.IsDeletion ? unpoint : point, change.Key, change.Revision, change.IsDeletion, []);
        }

        sinceCompaction += changes.Count;
        if (sinceCompaction >= CompactEvery)
        {
            Compact(transaction, changes[^1].Revision - KeptRevisions);
        }

        transaction.Commit();
    }

    /// <summary>
    /// Moves the write-ahead log into the database without stopping the writer; false when it has to be tried again. Under a load without a
    /// pause the log is never begun anew by itself, so past a limit the writer is stopped for as long as the rest takes. The log is not cut off
    /// before the end: the file system may take a quarter of a second to give back so many blocks, and every commit waits for it.
    /// </summary>
    public bool Checkpoint(long revision)
    {
        if (revision == lastWal)
        {
            return true;
        }

        try
        {
            if (Passive() > MostPages)
            {
                Run(background, "PRAGMA wal_checkpoint(RESTART)");
            }

            lastWal = revision;
            return true;
        }
        catch (SqliteException)
        {
            // Busy, or the disk is full.
            return false;
        }
    }

    /// <summary>How many pages the log holds.</summary>
    private long Passive()
    {
        using var command = background.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(PASSIVE)";
        using var row = command.ExecuteReader();
        return row.Read() ? row.GetInt64(1) : 0;
    }

    public void Dispose()
    {
        insert.Dispose();
        point.Dispose();
        unpoint.Dispose();
        background.Dispose();
        connection.Dispose();
        held.Dispose();
    }

    /// <summary>Forgets history that no object points at. The newest entry always stays: revisions are never used twice.</summary>
    private void Compact(SqliteTransaction transaction, long below)
    {
        sinceCompaction = 0;
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            DELETE FROM log WHERE rv < $below AND NOT EXISTS
                (SELECT 1 FROM obj WHERE obj.resource = log.resource AND obj.ns = log.ns AND obj.name = log.name AND obj.rv = log.rv)
            """;
        command.Parameters.AddWithValue("$below", below);
        command.ExecuteNonQuery();
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 }.ToString());
        connection.Open();
        return connection;
    }

    private SqliteCommand Command(string text)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var (name, type) in new[]
        {
            ("$rv", SqliteType.Integer), ("$resource", SqliteType.Text), ("$ns", SqliteType.Text), ("$name", SqliteType.Text),
            ("$deleted", SqliteType.Integer), ("$value", SqliteType.Blob),
        })
        {
            if (text.Contains(name, StringComparison.Ordinal))
            {
                command.Parameters.Add(name, type);
            }
        }

        return command;
    }

    private static void Execute(SqliteCommand command, StoreKey key, long revision, bool isDeletion, byte[] value)
    {
        foreach (SqliteParameter parameter in command.Parameters)
        {
            parameter.Value = parameter.ParameterName switch
            {
                "$rv" => revision,
                "$resource" => key.Resource,
                "$ns" => key.Namespace,
                "$name" => key.Name,
                "$deleted" => isDeletion ? 1L : 0L,
                _ => value,
            };
        }

        command.ExecuteNonQuery();
    }

    private static byte[] Bytes(ReadOnlyMemory<byte> json) =>
        MemoryMarshal.TryGetArray(json, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length ? segment.Array : json.ToArray();

    private static void Run(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
