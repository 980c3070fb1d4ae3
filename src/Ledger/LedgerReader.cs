using System.Data.Common;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;
using Microsoft.Data.Sqlite;

namespace Hikigane.Ledger;

/// <summary>The objects that a listener decided by from a time on.</summary>
public sealed record ListenerConfiguration(DateTimeOffset At, IReadOnlyList<JsonObject> Manifests);

/// <summary>
/// Reads a ledger, in the process that writes it or beside it. Any thread may call. Throws <see cref="LedgerException"/> when it cannot be read.
/// </summary>
public sealed class LedgerReader
{
    private readonly Func<DbConnection> connect;
    private readonly string place;

    internal LedgerReader(Func<DbConnection> connect, string place)
    {
        this.connect = connect;
        this.place = place;
    }

    /// <summary>Reads the ledger in a file that another process may be writing; null when there is none.</summary>
    public static LedgerReader? OpenFile(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        SqliteSchema.Upgrade(path);
        var connection = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = SqliteOpenMode.ReadOnly }.ToString();
        return new LedgerReader(() => new SqliteConnection(connection), path);
    }

    /// <summary>
    /// Events of a listener (or of all) that were acknowledged, before a time if one is given, and not decided: the oldest first, with their headers
    /// as they were sent.
    /// </summary>
    public IReadOnlyList<ReceivedEvent> Pending(string? ns = null, string? listener = null, DateTimeOffset? before = null) => Read(
        $"SELECT {LedgerRows.Columns}, s.headers, s.path FROM {LedgerRows.Tables} LEFT JOIN sensitive s ON s.seq = e.seq WHERE v.seq IS NULL",
        [
            ("e.ns = @ns", "@ns", ns), ("e.listener = @listener", "@listener", listener),
            ("e.received_at < @before", "@before", before?.ToUnixTimeMilliseconds()),
        ],
        "ORDER BY e.seq",
        row => LedgerRows.Event(row, LedgerRows.Text(row, LedgerRows.Count), LedgerRows.Text(row, LedgerRows.Count + 1)));

    /// <summary>Events by their row, with their headers as they were sent while they are undecided.</summary>
    internal IReadOnlyList<ReceivedEvent> Pending(IReadOnlyList<long> events) => events.Count == 0 ? [] : Read(
        $"SELECT {LedgerRows.Columns}, s.headers, s.path FROM {LedgerRows.Tables} LEFT JOIN sensitive s ON s.seq = e.seq WHERE e.seq IN ({string.Join(',', events)})",
        [], "ORDER BY e.seq", row => LedgerRows.Event(row, LedgerRows.Text(row, LedgerRows.Count), LedgerRows.Text(row, LedgerRows.Count + 1)));

    /// <summary>How many replays of a listener nobody took so far.</summary>
    internal long WaitingReplays(string ns, string listener) => Read(
        "SELECT count(*) FROM waiting w JOIN events e ON e.seq = w.seq WHERE 1 = 1",
        [("e.ns = @ns", "@ns", ns), ("e.listener = @listener", "@listener", listener)], "", row => row.GetInt64(0))[0];

    /// <summary>The newest failed attempt of every pending event that has one.</summary>
    public IReadOnlyList<FailedAttempt> Postponed(string? ns = null, string? listener = null) => Read(
        """
        SELECT e.id, a.attempt, a.at, a.not_before, a.message FROM attempts a JOIN events e ON e.seq = a.seq LEFT JOIN verdicts v ON v.seq = e.seq
        WHERE v.seq IS NULL AND a.attempt = (SELECT max(b.attempt) FROM attempts b WHERE b.seq = a.seq)
        """,
        [("e.ns = @ns", "@ns", ns), ("e.listener = @listener", "@listener", listener)], "ORDER BY e.seq", Attempt);

    /// <summary>All failed attempts to decide an event, the oldest first.</summary>
    public IReadOnlyList<FailedAttempt> Attempts(string eventId) => Read(
        "SELECT e.id, a.attempt, a.at, a.not_before, a.message FROM attempts a JOIN events e ON e.seq = a.seq WHERE 1 = 1",
        [("e.id = @id", "@id", eventId)], "ORDER BY a.attempt", Attempt);

    /// <summary>The delivery whose event id is this, or begins or ends with this when only one does; null when there is none.</summary>
    public Delivery? Find(string eventId)
    {
        // As `event ls -o name` prints it.
        eventId = eventId.StartsWith("event/", StringComparison.Ordinal) ? eventId["event/".Length..] : eventId;
        var found = Read(
            $"SELECT {LedgerRows.Columns} FROM {LedgerRows.Tables} WHERE 1 = 1",
            [("e.id >= @prefix", "@prefix", eventId), ("e.id < @after", "@after", eventId + "~")],
            "ORDER BY e.id LIMIT 2", LedgerRows.Delivery);
        if (found.Count == 0 && eventId.Length > 0 && eventId.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
        {
            found = Read(
                $"SELECT {LedgerRows.Columns} FROM {LedgerRows.Tables} WHERE 1 = 1", [("e.id LIKE @end", "@end", "%" + eventId)],
                "ORDER BY e.seq DESC LIMIT 2", LedgerRows.Delivery);
        }

        return found.Count == 1 || (found.Count > 0 && found[0].Event.EventId == eventId) ? found[0] : null;
    }

    /// <summary>The newest delivery that created an object of this name; null when there is none.</summary>
    public Delivery? FindByCreated(string objectName) => Read(
        $"SELECT {LedgerRows.Columns} FROM {LedgerRows.Tables} WHERE v.seq IS NOT NULL",
        [("v.triggers LIKE @name", "@name", $"%\"{objectName}\"%")],
        "ORDER BY e.seq DESC LIMIT 20", LedgerRows.Delivery)
        .FirstOrDefault(delivery => delivery.Triggers.Any(trigger => trigger.Created.Any(created => created.Name == objectName)));

    /// <summary>Deliveries, the newest first.</summary>
    public IReadOnlyList<Delivery> List(LedgerQuery query)
    {
        var listed = new List<Delivery>();
        Each(
            $"SELECT {LedgerRows.Columns} FROM {LedgerRows.Tables} WHERE 1 = 1{(query.IsDeadLetter ? " AND d.seq IS NOT NULL AND d.settled_at IS NULL" : "")}",
            [
                ("e.ns = @ns", "@ns", query.Namespace),
                ("e.listener = @listener", "@listener", query.Listener),
                ("COALESCE(v.outcome, 'Pending') = @outcome", "@outcome", query.Outcome?.ToString()),
                ("e.received_at >= @since", "@since", query.Since?.ToUnixTimeMilliseconds()),
                ("e.received_at < @until", "@until", query.Until?.ToUnixTimeMilliseconds()),
                ("e.seq < (SELECT seq FROM events WHERE id = @before)", "@before", query.Before),
                ("e.replay_of = @replayOf", "@replayOf", query.ReplayOf),
            ],
            "ORDER BY e.seq DESC" + (query.Where is null ? $" LIMIT {query.Limit}" : ""),
            row =>
            {
                var delivery = LedgerRows.Delivery(row);
                if (query.Where?.Invoke(delivery) != false)
                {
                    listed.Add(delivery);
                }

                return listed.Count < query.Limit;
            });
        return listed;
    }

    /// <summary>What a listener decided by at a time: the newest that was noted until then, else the oldest that is kept; null when none is.</summary>
    public ListenerConfiguration? Configuration(string ns, string listener, DateTimeOffset at)
    {
        (string, string, object?)[] key = [("ns = @ns", "@ns", ns), ("listener = @listener", "@listener", listener)];
        const string Select = "SELECT at, manifests FROM configurations WHERE 1 = 1";
        return Read(Select, [.. key, ("at <= @at", "@at", at.ToUnixTimeMilliseconds())], "ORDER BY at DESC LIMIT 1", Configuration) is [var then] ? then
            : Read(Select, key, "ORDER BY at LIMIT 1", Configuration) is [var oldest] ? oldest
            : null;
    }

    /// <summary>Everything that was decided about an event, in order: attempts that failed, its verdicts, and those of its replays.</summary>
    public IReadOnlyList<DecisionRecord> History(string eventId)
    {
        if (Find(eventId) is not { } delivery)
        {
            return [];
        }

        var retries = Attempts(eventId).Select(attempt => new DecisionRecord
        {
            EventId = eventId,
            Kind = "retry",
            At = attempt.At,
            Why = attempt.Message,
            Attempt = attempt.Attempt,
        });
        var earlier = Read(
            "SELECT e.id, h.decided_at, h.attempt, h.outcome FROM earlier_verdicts h JOIN events e ON e.seq = h.seq WHERE 1 = 1",
            [("e.id = @id", "@id", eventId)], "ORDER BY h.number",
            row => Record(row.GetString(0), "original", LedgerRows.Time(row, 1), (int)row.GetInt64(2), Enum.Parse<DeliveryOutcome>(row.GetString(3))));
        var own = delivery.DecidedAt is null && delivery.Outcome == DeliveryOutcome.Pending ? []
            : new[] { Record(eventId, earlier.Count > 0 ? "again" : "original", delivery.DecidedAt, delivery.Attempt, delivery.Outcome) };
        var replays = List(new LedgerQuery { ReplayOf = eventId, Limit = 1000 }).Reverse().Select(replay =>
            Record(replay.Event.EventId, "replay", replay.DecidedAt, replay.Attempt, replay.Outcome) with
            {
                By = replay.Event.RequestedBy,
                Why = replay.Event.Reason,
            });
        return [.. retries, .. earlier, .. own, .. replays];

        static DecisionRecord Record(string id, string kind, DateTimeOffset? at, int attempt, DeliveryOutcome outcome) =>
            new() { EventId = id, Kind = kind, At = at, Attempt = attempt, Outcome = outcome };
    }

    /// <summary>Reads rows and closes the connection; conditions without a value are left out.</summary>
    internal IReadOnlyList<T> Read<T>(
        string select, ReadOnlySpan<(string Condition, string Name, object? Value)> conditions, string order, Func<DbDataReader, T> record)
    {
        var rows = new List<T>();
        Each(select, conditions, order, row =>
        {
            rows.Add(record(row));
            return true;
        });
        return rows;
    }

    private void Each(
        string select, ReadOnlySpan<(string Condition, string Name, object? Value)> conditions, string order, Func<DbDataReader, bool> next)
    {
        var sql = new StringBuilder(select);
        var parameters = new List<(string, object?)>();
        foreach (var (condition, name, value) in conditions)
        {
            if (value is not null)
            {
                sql.Append(" AND ").Append(condition);
                parameters.Add((name, value));
            }
        }

        try
        {
            using var connection = connect();
            connection.Open();
            using var command = connection.Command(sql.Append(' ').Append(order).ToString(), [.. parameters]);
            using var reader = command.ExecuteReader();
            while (reader.Read() && next(reader))
            {
            }
        }
        catch (DbException exception)
        {
            throw new LedgerException($"the ledger {place} cannot be read: {exception.Message}", exception);
        }
    }

    private static ListenerConfiguration Configuration(DbDataReader row) =>
        new(LedgerRows.Time(row, 0)!.Value, [.. ((JsonArray)JsonNode.Parse(row.GetString(1))!).OfType<JsonObject>()]);

    private static FailedAttempt Attempt(DbDataReader row) => new()
    {
        EventId = row.GetString(0),
        Attempt = (int)row.GetInt64(1),
        At = LedgerRows.Time(row, 2)!.Value,
        NotBefore = LedgerRows.Time(row, 3),
        Message = row.GetString(4),
    };
}
