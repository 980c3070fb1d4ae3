using Hikigane.Resources.Deliveries;
using Microsoft.Data.Sqlite;

namespace Hikigane.Ledger;

/// <summary>Reads a ledger, in the process that writes it or beside it. Any thread may call.</summary>
public sealed class LedgerReader
{
    private readonly string connectionString;

    internal LedgerReader(string connectionString) => this.connectionString = connectionString;

    /// <summary>Reads the ledger in a file that another process may be writing; null when there is none.</summary>
    public static LedgerReader? OpenFile(string path) => File.Exists(path)
        ? new LedgerReader(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = SqliteOpenMode.ReadOnly }.ToString())
        : null;

    /// <summary>Events of a listener (or of all) that were acknowledged and not decided, the oldest first, with their headers as they were sent.</summary>
    public IReadOnlyList<ReceivedEvent> Pending(string? ns = null, string? listener = null)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT {LedgerRows.Columns}, s.headers
            FROM events e LEFT JOIN verdicts v ON v.seq = e.seq LEFT JOIN sensitive s ON s.seq = e.seq
            WHERE v.seq IS NULL AND ($ns IS NULL OR e.ns = $ns) AND ($listener IS NULL OR e.listener = $listener) ORDER BY e.seq
            """;
        command.Parameters.AddWithValue("$ns", (object?)ns ?? DBNull.Value);
        command.Parameters.AddWithValue("$listener", (object?)listener ?? DBNull.Value);
        using var reader = command.ExecuteReader();
        var pending = new List<ReceivedEvent>();
        while (reader.Read())
        {
            pending.Add(LedgerRows.Event(reader, unredacted: reader.IsDBNull(LedgerRows.Count) ? null : reader.GetString(LedgerRows.Count)));
        }

        return pending;
    }

    /// <summary>The delivery whose event id is this, or begins with this when only one does; null when there is none.</summary>
    public Delivery? Find(string eventIdOrPrefix)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT {LedgerRows.Columns} FROM events e LEFT JOIN verdicts v ON v.seq = e.seq
            WHERE e.id >= $prefix AND e.id < $after ORDER BY e.id LIMIT 2
            """;
        command.Parameters.AddWithValue("$prefix", eventIdOrPrefix);
        command.Parameters.AddWithValue("$after", eventIdOrPrefix + "\uffff");
        using var reader = command.ExecuteReader();
        var found = reader.Read() ? LedgerRows.Delivery(reader) : null;
        return found is not null && (found.Event.EventId == eventIdOrPrefix || !reader.Read()) ? found : null;
    }

    /// <summary>The newest delivery that created an object of this name; null when there is none.</summary>
    public Delivery? FindByCreated(string objectName)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT {LedgerRows.Columns} FROM events e JOIN verdicts v ON v.seq = e.seq
            WHERE instr(v.triggers, $name) > 0 ORDER BY e.seq DESC LIMIT 20
            """;
        command.Parameters.AddWithValue("$name", objectName);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var delivery = LedgerRows.Delivery(reader);
            if (delivery.Triggers.Any(trigger => trigger.Created.Any(created => created.Name == objectName)))
            {
                return delivery;
            }
        }

        return null;
    }

    /// <summary>Deliveries, the newest first.</summary>
    public IReadOnlyList<Delivery> List(LedgerQuery query)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"""
            SELECT {LedgerRows.Columns} FROM events e LEFT JOIN verdicts v ON v.seq = e.seq
            WHERE ($ns IS NULL OR e.ns = $ns) AND ($listener IS NULL OR e.listener = $listener)
              AND ($outcome IS NULL OR COALESCE(v.outcome, 'Pending') = $outcome) AND ($since IS NULL OR e.received_at >= $since)
            ORDER BY e.seq DESC LIMIT $limit
            """;
        command.Parameters.AddWithValue("$ns", (object?)query.Namespace ?? DBNull.Value);
        command.Parameters.AddWithValue("$listener", (object?)query.Listener ?? DBNull.Value);
        command.Parameters.AddWithValue("$outcome", (object?)query.Outcome?.ToString() ?? DBNull.Value);
        command.Parameters.AddWithValue("$since", (object?)query.Since?.ToUnixTimeMilliseconds() ?? DBNull.Value);
        command.Parameters.AddWithValue("$limit", query.Limit);
        using var reader = command.ExecuteReader();
        var deliveries = new List<Delivery>();
        while (reader.Read())
        {
            deliveries.Add(LedgerRows.Delivery(reader));
        }

        return deliveries;
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    }
}
