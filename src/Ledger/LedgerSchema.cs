using Microsoft.Data.Sqlite;

namespace Hikigane.Ledger;

/// <summary>
/// Tables of the ledger. <c>events</c> and <c>verdicts</c> are only ever added to, so an event's body is written once. <c>sensitive</c> holds the
/// headers that must not be kept, for as long as an event waits for its decision.
/// </summary>
internal static class LedgerSchema
{
    public static void Create(SqliteConnection connection, bool isOnDisk)
    {
        if (isOnDisk)
        {
            Execute(connection, """
                PRAGMA page_size = 8192;
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = FULL;
                PRAGMA wal_autocheckpoint = 0;
                PRAGMA journal_size_limit = 67108864;
                PRAGMA busy_timeout = 5000;
                PRAGMA temp_store = MEMORY;
                """);
        }

        Execute(connection, """
            CREATE TABLE IF NOT EXISTS events (
                seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, ns TEXT NOT NULL, listener TEXT NOT NULL, listener_uid TEXT NOT NULL,
                received_at INTEGER NOT NULL, remote TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, headers TEXT NOT NULL,
                body BLOB NOT NULL, replay_of TEXT);
            CREATE TABLE IF NOT EXISTS verdicts (
                seq INTEGER PRIMARY KEY, outcome TEXT NOT NULL, decided_at INTEGER, attempt INTEGER NOT NULL, triggers TEXT NOT NULL);
            CREATE TABLE IF NOT EXISTS sensitive (seq INTEGER PRIMARY KEY, headers TEXT NOT NULL);
            """);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
