using Microsoft.Data.Sqlite;

namespace Hikigane.Ledger;

/// <summary>
/// Tables of the ledger in a file. An event's body is written once; <c>sensitive</c> holds what must not be kept, for as long as an event
/// waits for its decision. <c>user_version</c> numbers the shape; an older file is brought up to date when it is opened for writing.
/// </summary>
internal static class SqliteSchema
{
    private const int Version = 4;

    public static void Create(SqliteConnection connection, bool isOnDisk)
    {
        if (isOnDisk)
        {
            connection.Execute("""
                PRAGMA page_size = 8192;
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = FULL;
                PRAGMA wal_autocheckpoint = 0;
                PRAGMA busy_timeout = 30000;
                PRAGMA temp_store = MEMORY;
                """);
        }

        if (VersionOf(connection) >= Version)
        {
            return;
        }

        using var transaction = connection.BeginTransaction();
        connection.Execute(LedgerTables.For("INTEGER PRIMARY KEY", "INTEGER", "BLOB", ""));
        AddColumns(connection, "events",
            "http_version TEXT", "response_status INTEGER", "mode TEXT", "requested_by TEXT", "reason TEXT", "body_bytes INTEGER", "body_sha256 TEXT",
            "body_encoding TEXT");
        AddColumns(connection, "verdicts", "facts TEXT", "delivery TEXT");
        AddColumns(connection, "sensitive", "path TEXT");
        connection.Execute(LedgerTables.Indexes);
        connection.Execute(LedgerTables.Deliveries(name => $"json_extract(facts, '$.{name}')"));
        connection.Execute($"PRAGMA user_version = {Version}");
        transaction.Commit();
    }

    /// <summary>Brings a file up to date that is only to be read: its writer may be long gone.</summary>
    public static void Upgrade(string path)
    {
        try
        {
            using (var reader = Open(path, SqliteOpenMode.ReadOnly))
            {
                if (VersionOf(reader) >= Version)
                {
                    return;
                }
            }

            using var writer = Open(path, SqliteOpenMode.ReadWrite);
            Create(writer, isOnDisk: true);
        }
        catch (SqliteException exception)
        {
            throw new LedgerException($"the ledger {path} is of an older version and cannot be brought up to date: {exception.Message}", exception);
        }
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = mode }.ToString());
        connection.Open();
        return connection;
    }

    private static long VersionOf(SqliteConnection connection)
    {
        using var command = connection.Command("PRAGMA user_version");
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Columns that the first shape did not have.</summary>
    private static void AddColumns(SqliteConnection connection, string table, params ReadOnlySpan<string> columns)
    {
        foreach (var column in columns)
        {
            using var exists = connection.Command(
                "SELECT count(*) FROM pragma_table_info(@table) WHERE name = @name", ("@table", table), ("@name", column.Split(' ')[0]));
            if ((long)exists.ExecuteScalar()! == 0)
            {
                connection.Execute($"ALTER TABLE {table} ADD COLUMN {column}");
            }
        }
    }
}
