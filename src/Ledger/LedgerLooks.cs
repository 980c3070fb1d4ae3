using Microsoft.Data.Sqlite;

namespace Hikigane.Ledger;

/// <summary>
/// Tells those who look again and again whether anything was written to the file since they looked, by this process or another: so that a look
/// costs next to nothing while nothing happens. Any thread may call.
/// </summary>
internal sealed class LedgerLooks(SqliteConnection connection) : IDisposable
{
    private readonly Lock gate = new();
    private readonly SqliteCommand command = new("PRAGMA data_version", connection);
    private readonly Dictionary<(string Namespace, string Listener), long> seen = [];

    /// <summary>Changes with each commit of another connection. Read it before what is looked for.</summary>
    public long Version()
    {
        lock (gate)
        {
            try
            {
                return (long)command.ExecuteScalar()!;
            }
            catch (SqliteException exception)
            {
                throw new LedgerException("the ledger cannot be read: " + exception.Message, exception);
            }
        }
    }

    public bool HasSeen((string Namespace, string Listener) who, long version)
    {
        lock (gate)
        {
            return seen.TryGetValue(who, out var last) && last == version;
        }
    }

    /// <summary>There was nothing for them at this version.</summary>
    public void Saw((string Namespace, string Listener) who, long version)
    {
        lock (gate)
        {
            seen[who] = version;
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            command.Dispose();
            connection.Dispose();
        }
    }
}
