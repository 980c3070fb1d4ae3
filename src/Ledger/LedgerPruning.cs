using System.Globalization;

namespace Hikigane.Ledger;

/// <summary>
/// Finds and removes what is kept no longer. Finding reads beside the writer; removing is cut into small writes, so that no sender waits long.
/// </summary>
internal static class LedgerPruning
{
    public const int LargestBatch = 500;

    /// <summary>
    /// Decided events that are beyond a limit of their listener. One that is undecided, or a dead letter that waits, is passed over; it still counts.
    /// </summary>
    public static IReadOnlyList<long> Expired(LedgerReader reader, Retention retention, DateTimeOffset now) => retention.IsOff ? [] : reader.Read(
        $"""
        SELECT e.seq FROM (
            SELECT seq, received_at, part, part * row_number() OVER newest AS place, part * sum(length(body) + length(headers)) OVER newest AS total
            FROM (SELECT *, CASE WHEN response_status >= 400 THEN {Retention.PartOfRefused} ELSE 1 END AS part FROM events) parted
            WINDOW newest AS (PARTITION BY ns, listener, part ORDER BY seq DESC)) e
        JOIN verdicts v ON v.seq = e.seq LEFT JOIN dead_letters d ON d.seq = e.seq
        WHERE (e.place > {retention.Deliveries} OR e.total > {retention.Bytes} OR e.received_at < {Milliseconds(now - retention.Age)})
          AND (d.seq IS NULL OR d.settled_at IS NOT NULL OR d.at < {Milliseconds(now - retention.DeadLetterAge)})
        """,
        [],
        "ORDER BY e.seq", row => row.GetInt64(0));

    private static long Milliseconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    public static int Remove(LedgerSession session, IEnumerable<long> events)
    {
        var seqs = string.Join(',', events.Select(seq => seq.ToString(CultureInfo.InvariantCulture)));
        foreach (var table in new[] { "verdicts", "earlier_verdicts", "sensitive", "attempts", "dead_letters", "waiting", "leases" })
        {
            session.Connection.Execute($"DELETE FROM {table} WHERE seq IN ({seqs})");
        }

        return session.Connection.Execute($"DELETE FROM events WHERE seq IN ({seqs})");
    }

    /// <summary>What an event needed until its decision, where other options held when it was received than when it was decided.</summary>
    public static void RemoveSensitive(LedgerSession session) => session.Execute("DELETE FROM sensitive WHERE seq IN (SELECT seq FROM verdicts)");

    /// <summary>Leases are left where they are when their event is decided: deciding is the hot path.</summary>
    public static void RemoveLeases(LedgerSession session, DateTimeOffset now) =>
        session.Execute("DELETE FROM leases WHERE until <= @now", ("@now", Milliseconds(now)));

    /// <summary>Claims, and configurations that later ones replaced before the oldest event.</summary>
    public static void RemoveClaims(LedgerSession session, DateTimeOffset before)
    {
        session.Execute("DELETE FROM claims WHERE at < @before", ("@before", Milliseconds(before)));
        session.Execute(
            """
            DELETE FROM configurations WHERE at < @before AND EXISTS (SELECT 1 FROM configurations later
                WHERE later.ns = configurations.ns AND later.listener = configurations.listener AND later.at > configurations.at AND later.at < @before)
            """, ("@before", Milliseconds(before)));
    }
}
