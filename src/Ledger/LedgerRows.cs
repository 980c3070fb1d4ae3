using System.Text.Json;
using Hikigane.Resources.Deliveries;
using Microsoft.Data.Sqlite;

namespace Hikigane.Ledger;

/// <summary>Rows of the ledger as records.</summary>
internal static class LedgerRows
{
    public const int Count = 15;

    public const string Columns = """
        e.id, e.ns, e.listener, e.listener_uid, e.received_at, e.remote, e.method, e.path, e.headers, e.body, e.replay_of,
        v.outcome, v.decided_at, v.attempt, v.triggers
        """;

    public static ReceivedEvent Event(SqliteDataReader row, string? unredacted = null) => new()
    {
        EventId = row.GetString(0),
        ListenerNamespace = row.GetString(1),
        ListenerName = row.GetString(2),
        ListenerUid = row.GetString(3),
        ReceivedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)),
        RemoteAddress = row.GetString(5),
        Method = row.GetString(6),
        Path = row.GetString(7),
        Headers = JsonSerializer.Deserialize(unredacted ?? row.GetString(8), LedgerJson.Default.IReadOnlyListKeyValuePairStringString) ?? [],
        Body = row.GetFieldValue<byte[]>(9),
        ReplayOf = row.IsDBNull(10) ? null : row.GetString(10),
    };

    public static Delivery Delivery(SqliteDataReader row) => row.IsDBNull(11)
        ? new Delivery { Event = Event(row) }
        : new Delivery
        {
            Event = Event(row),
            Outcome = Enum.Parse<DeliveryOutcome>(row.GetString(11)),
            DecidedAt = row.IsDBNull(12) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(12)),
            Attempt = row.GetInt32(13),
            Triggers = JsonSerializer.Deserialize(row.GetString(14), LedgerJson.Default.IReadOnlyListTriggerVerdict) ?? [],
        };
}
