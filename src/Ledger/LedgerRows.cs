using System.Data.Common;
using System.IO.Compression;
using System.Text.Json;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Ledger;

/// <summary>Rows of the ledger as records.</summary>
internal static class LedgerRows
{
    public const string Deflate = "deflate";

    /// <summary>How many columns there are: what a query adds comes behind them.</summary>
    public const int Count = 29;

    public const string Columns = """
        e.id, e.ns, e.listener, e.listener_uid, e.received_at, e.remote, e.method, e.path, e.headers, e.body, e.replay_of,
        v.outcome, v.decided_at, v.attempt, v.triggers,
        e.http_version, e.response_status, e.mode, e.requested_by, e.reason, e.body_bytes, e.body_sha256, e.body_encoding,
        d.at, d.reason, d.settled_at, d.settled_by, d.settlement,
        (SELECT count(*) FROM (SELECT 1 FROM verdicts w WHERE w.delivery = v.delivery AND w.seq <= v.seq LIMIT 1000) seen)
        """;

    public const string Tables = "events e LEFT JOIN verdicts v ON v.seq = e.seq LEFT JOIN dead_letters d ON d.seq = e.seq";

    /// <param name="row">A row of <see cref="Columns"/>.</param>
    /// <param name="headers">The headers as they were sent, while they are there.</param>
    /// <param name="path">The path as it was sent, while it is there.</param>
    public static ReceivedEvent Event(DbDataReader row, string? headers = null, string? path = null) => new()
    {
        EventId = row.GetString(0),
        ListenerNamespace = row.GetString(1),
        ListenerName = row.GetString(2),
        ListenerUid = row.GetString(3),
        ReceivedAt = Time(row, 4)!.Value,
        RemoteAddress = row.GetString(5),
        Method = row.GetString(6),
        Path = path ?? row.GetString(7),
        Headers = JsonSerializer.Deserialize(headers ?? row.GetString(8), LedgerJson.Default.IReadOnlyListKeyValuePairStringString) ?? [],
        Body = Unpacked(row.GetFieldValue<byte[]>(9), Text(row, 22)),
        ReplayOf = Text(row, 10),
        HttpVersion = Text(row, 15) ?? "",
        ResponseStatus = row.IsDBNull(16) ? 202 : (int)row.GetInt64(16),
        Mode = Text(row, 17) is { } mode ? Enum.Parse<DeliveryMode>(mode) : DeliveryMode.Live,
        RequestedBy = Text(row, 18) ?? "",
        Reason = Text(row, 19) ?? "",
        BodyBytes = row.IsDBNull(20) ? 0 : row.GetInt64(20),
        BodySha256 = Text(row, 21) ?? "",
    };

    public static Delivery Delivery(DbDataReader row)
    {
        var received = Event(row);
        return row.IsDBNull(11)
            ? new Delivery { Event = received }
            : new Delivery
            {
                Event = received,
                Outcome = Enum.Parse<DeliveryOutcome>(row.GetString(11)),
                DecidedAt = Time(row, 12),
                Attempt = (int)row.GetInt64(13),
                DeliveryAttempt = (int)row.GetInt64(28),
                Triggers = JsonSerializer.Deserialize(row.GetString(14), LedgerJson.Default.IReadOnlyListTriggerVerdict) ?? [],
                DeadLetter = DeadLetter(row, received.EventId),
            };
    }

    public static DateTimeOffset? Time(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));

    public static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static byte[] Packed(ReadOnlySpan<byte> body)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(body);
        }

        return packed.ToArray();
    }

    private static byte[] Unpacked(byte[] body, string? encoding)
    {
        if (encoding != Deflate)
        {
            return body;
        }

        using var deflate = new DeflateStream(new MemoryStream(body), CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        deflate.CopyTo(unpacked);
        return unpacked.ToArray();
    }

    private static DeadLetter? DeadLetter(DbDataReader row, string eventId) => Time(row, 23) is not { } at ? null : new DeadLetter
    {
        EventId = eventId,
        At = at,
        Reason = Text(row, 24) ?? "",
        SettledAt = Time(row, 25),
        SettledBy = Text(row, 26) ?? "",
        Settlement = Text(row, 27) ?? "",
    };
}
