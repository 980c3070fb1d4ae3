using Hikigane.Resources.Deliveries;

namespace Hikigane.Ledger;

/// <summary>What is written, in statements that SQLite and PostgreSQL share. Each method runs inside a transaction of its caller.</summary>
internal static class LedgerWrites
{
    public static void Append(LedgerSession session, EventEntry entry)
    {
        var received = entry.Event;
        var seq = session.Scalar(
            """
            INSERT INTO events (id, ns, listener, listener_uid, received_at, remote, method, path, headers, body, replay_of,
                http_version, response_status, mode, requested_by, reason, body_bytes, body_sha256)
            VALUES (@id, @ns, @listener, @uid, @at, @remote, @method, @path, @headers, @body, @replayOf,
                @version, @status, @mode, @by, @reason, @bytes, @sha)
            RETURNING seq
            """,
            ("@id", received.EventId), ("@ns", received.ListenerNamespace), ("@listener", received.ListenerName), ("@uid", received.ListenerUid),
            ("@at", received.ReceivedAt.ToUnixTimeMilliseconds()), ("@remote", received.RemoteAddress), ("@method", received.Method),
            ("@path", entry.Path), ("@headers", entry.Headers), ("@body", entry.Body),
            ("@replayOf", OrNull(received.ReplayOf)), ("@version", OrNull(received.HttpVersion)),
            ("@status", received.ResponseStatus == 202 ? null : (object)(long)received.ResponseStatus),
            ("@mode", received.Mode == DeliveryMode.Live ? null : received.Mode.ToString()),
            ("@by", OrNull(received.RequestedBy)), ("@reason", OrNull(received.Reason)),
            ("@bytes", received.BodyBytes == received.Body.Length ? null : (object)received.BodyBytes), ("@sha", OrNull(received.BodySha256)));
        if (entry.Sensitive is not null)
        {
            session.Execute(
                "INSERT INTO sensitive (seq, headers, path) VALUES (@seq, @headers, @path)",
                ("@seq", seq), ("@headers", entry.Sensitive), ("@path", received.Path));
        }
    }

    public static void Decide(LedgerSession session, VerdictEntry entry)
    {
        var delivery = entry.Delivery;
        (string, object?) id = ("@id", delivery.Event.EventId);
        (string, object?)[] verdict =
        [
            id, ("@outcome", delivery.Outcome.ToString()), ("@at", delivery.DecidedAt?.ToUnixTimeMilliseconds()),
            ("@attempt", (long)delivery.Attempt), ("@triggers", entry.Triggers), ("@facts", entry.Facts),
            ("@delivery", entry.DeliveryKey),
        ];
        const string Insert = """
            INSERT INTO verdicts (seq, outcome, decided_at, attempt, triggers, facts, delivery)
            SELECT seq, @outcome, @at, @attempt, @triggers, @facts, @delivery FROM events WHERE id = @id ON CONFLICT (seq) DO NOTHING
            """;
        if (session.Execute(Insert, verdict) == 0)
        {
            // Decided before: the earlier verdict becomes history.
            session.Execute(
                """
                INSERT INTO earlier_verdicts (seq, number, outcome, decided_at, attempt, triggers)
                SELECT v.seq, (SELECT count(*) FROM earlier_verdicts h WHERE h.seq = v.seq), v.outcome, v.decided_at, v.attempt, v.triggers
                FROM verdicts v JOIN events e ON e.seq = v.seq WHERE e.id = @id
                """, id);
            session.Execute("DELETE FROM verdicts WHERE seq = (SELECT seq FROM events WHERE id = @id)", id);
            session.Execute(Insert, verdict);
        }

        if (entry.HasSensitive)
        {
            session.Execute("DELETE FROM sensitive WHERE seq = (SELECT seq FROM events WHERE id = @id)", id);
        }

        KeepLess(session, entry);
    }

    public static string Claim(LedgerSession session, DeliveryClaim claim)
    {
        (string, object?)[] key =
        [
            ("@ns", claim.ListenerNamespace), ("@listener", claim.ListenerName), ("@provider", claim.Provider), ("@delivery", claim.DeliveryId),
        ];
        session.Execute(
            """
            INSERT INTO claims (ns, listener, provider, delivery_id, event_id, at) VALUES (@ns, @listener, @provider, @delivery, @event, @at)
            ON CONFLICT (ns, listener, provider, delivery_id) DO NOTHING
            """, [.. key, ("@event", claim.EventId), ("@at", claim.At.ToUnixTimeMilliseconds())]);
        return (string)session.Scalar(
            "SELECT event_id FROM claims WHERE ns = @ns AND listener = @listener AND provider = @provider AND delivery_id = @delivery", key)!;
    }

    public static void Postpone(LedgerSession session, FailedAttempt attempt) => session.Execute(
        """
        INSERT INTO attempts (seq, attempt, at, not_before, message)
        SELECT seq, @attempt, @at, @notBefore, @message FROM events WHERE id = @id
        ON CONFLICT (seq, attempt) DO UPDATE SET at = excluded.at, not_before = excluded.not_before, message = excluded.message
        """,
        ("@id", attempt.EventId), ("@attempt", (long)attempt.Attempt), ("@at", attempt.At.ToUnixTimeMilliseconds()),
        ("@notBefore", attempt.NotBefore?.ToUnixTimeMilliseconds()), ("@message", attempt.Message));

    public static void DeadLetter(LedgerSession session, Delivery delivery, string reason) => session.Execute(
        """
        INSERT INTO dead_letters (seq, at, reason) SELECT seq, @at, @reason FROM events WHERE id = @id
        ON CONFLICT (seq) DO UPDATE SET at = excluded.at, reason = excluded.reason, settled_at = NULL, settled_by = NULL, settlement = NULL
        """,
        ("@id", delivery.Event.EventId), ("@at", (delivery.DecidedAt ?? delivery.Event.ReceivedAt).ToUnixTimeMilliseconds()), ("@reason", reason));

    public static bool Settle(LedgerSession session, string eventId, string by, string settlement, DateTimeOffset at) => session.Execute(
        """
        UPDATE dead_letters SET settled_at = @at, settled_by = @by, settlement = @settlement
        WHERE settled_at IS NULL AND seq = (SELECT seq FROM events WHERE id = @id)
        """, ("@id", eventId), ("@at", at.ToUnixTimeMilliseconds()), ("@by", by), ("@settlement", settlement)) > 0;

    public static void Replay(LedgerSession session, EventEntry replay)
    {
        Append(session, replay);
        session.Execute("INSERT INTO waiting (seq) SELECT seq FROM events WHERE id = @id", ("@id", replay.Event.EventId));
    }

    /// <summary>The rows of the events that this caller now has.</summary>
    public static IReadOnlyList<long> TakeReplays(LedgerSession session, string ns, string listener)
    {
        using var command = session.Connection.Command(
            "DELETE FROM waiting WHERE seq IN (SELECT seq FROM events WHERE ns = @ns AND listener = @listener) RETURNING seq",
            ("@ns", ns), ("@listener", listener));
        using var reader = command.ExecuteReader();
        var taken = new List<long>();
        while (reader.Read())
        {
            taken.Add(reader.GetInt64(0));
        }

        return taken;
    }

    public static IReadOnlyList<string> Lease(
        LedgerSession session, IReadOnlyCollection<string> eventIds, string holder, (DateTimeOffset From, DateTimeOffset Until) time)
    {
        // In one order, so that two holders who ask at once do not wait for each other.
        return [.. eventIds.Order(StringComparer.Ordinal).Where(id => session.Execute(
            """
            INSERT INTO leases (seq, holder, until)
            SELECT e.seq, @holder, @until FROM events e WHERE e.id = @id AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.seq = e.seq)
            ON CONFLICT (seq) DO UPDATE SET holder = excluded.holder, until = excluded.until
            WHERE leases.holder = excluded.holder OR leases.until <= @now
            """,
            ("@id", id), ("@holder", holder), ("@until", time.Until.ToUnixTimeMilliseconds()), ("@now", time.From.ToUnixTimeMilliseconds())) > 0)];
    }

    /// <summary>Of a long body the beginning stays; configured fields go. Until the decision all of it was needed.</summary>
    private static void KeepLess(LedgerSession session, VerdictEntry entry)
    {
        if (entry.Kept.IsChanged)
        {
            session.Execute(
                "UPDATE events SET body = @body, body_bytes = @bytes, body_sha256 = @sha, body_encoding = NULL WHERE id = @id",
                ("@id", entry.Delivery.Event.EventId), ("@body", entry.Kept.Bytes), ("@bytes", entry.Kept.OriginalBytes), ("@sha", entry.Kept.Sha256));
        }
    }

    public static void Configure(LedgerSession session, (string Namespace, string Name) listener, DateTimeOffset at, string manifests)
    {
        (string, object?)[] key = [("@ns", listener.Namespace), ("@listener", listener.Name)];
        const string Newest = "SELECT manifests FROM configurations WHERE ns = @ns AND listener = @listener ORDER BY at DESC LIMIT 1";
        if (session.Scalar(Newest, key) as string != manifests)
        {
            session.Execute(
                """
                INSERT INTO configurations (ns, listener, at, manifests) VALUES (@ns, @listener, @at, @manifests)
                ON CONFLICT (ns, listener, at) DO UPDATE SET manifests = excluded.manifests
                """, [.. key, ("@at", at.ToUnixTimeMilliseconds()), ("@manifests", manifests)]);
        }
    }

    private static string? OrNull(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
