namespace Hikigane.Ledger;

/// <summary>The tables, as both databases know them. Times are milliseconds of Unix time.</summary>
internal static class LedgerTables
{
    /// <summary>What older tables lack until they are brought up to date, so it comes behind that. Whoever asks how often a delivery came finds all in the index.</summary>
    public const string Indexes = "CREATE INDEX IF NOT EXISTS verdicts_delivery ON verdicts (delivery, seq) WHERE delivery IS NOT NULL";

    /// <summary>The sender's delivery ids of verdicts that were written before they had a column.</summary>
    /// <param name="fact">How this database reads a member of <c>facts</c>.</param>
    public static string Deliveries(Func<string, string> fact) => $"""
        UPDATE verdicts SET delivery = (
            SELECT e.ns || '/' || e.listener || ' ' || {fact("provider")} || ' ' || {fact("deliveryID")} FROM events e
            WHERE e.seq = verdicts.seq AND e.replay_of IS NULL AND e.mode IS NULL AND length({fact("deliveryID")}) <= {VerdictEntry.LongestId})
        WHERE facts IS NOT NULL
        """;

    /// <param name="serial">A key that counts up.</param>
    /// <param name="number">A 64-bit number.</param>
    /// <param name="bytes">Bytes.</param>
    /// <param name="binary">What makes text compare byte by byte where it does not by itself.</param>
    public static string For(string serial, string number, string bytes, string binary) => $"""
        CREATE TABLE IF NOT EXISTS events (
            seq {serial}, id TEXT {binary} NOT NULL UNIQUE, ns TEXT NOT NULL, listener TEXT NOT NULL, listener_uid TEXT NOT NULL,
            received_at {number} NOT NULL, remote TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, headers TEXT NOT NULL,
            body {bytes} NOT NULL, replay_of TEXT, http_version TEXT, response_status {number}, mode TEXT, requested_by TEXT, reason TEXT,
            body_bytes {number}, body_sha256 TEXT, body_encoding TEXT);
        CREATE INDEX IF NOT EXISTS events_replay_of ON events (replay_of) WHERE replay_of IS NOT NULL;
        CREATE TABLE IF NOT EXISTS verdicts (
            seq {number} PRIMARY KEY, outcome TEXT NOT NULL, decided_at {number}, attempt {number} NOT NULL, triggers TEXT NOT NULL, facts TEXT, delivery TEXT);
        CREATE TABLE IF NOT EXISTS earlier_verdicts (
            seq {number} NOT NULL, number {number} NOT NULL, outcome TEXT NOT NULL, decided_at {number}, attempt {number} NOT NULL,
            triggers TEXT NOT NULL, PRIMARY KEY (seq, number));
        CREATE TABLE IF NOT EXISTS sensitive (seq {number} PRIMARY KEY, headers TEXT NOT NULL, path TEXT);
        CREATE TABLE IF NOT EXISTS claims (
            ns TEXT NOT NULL, listener TEXT NOT NULL, provider TEXT NOT NULL, delivery_id TEXT NOT NULL, event_id TEXT NOT NULL,
            at {number} NOT NULL, PRIMARY KEY (ns, listener, provider, delivery_id));
        CREATE TABLE IF NOT EXISTS attempts (
            seq {number} NOT NULL, attempt {number} NOT NULL, at {number} NOT NULL, not_before {number}, message TEXT NOT NULL,
            PRIMARY KEY (seq, attempt));
        CREATE TABLE IF NOT EXISTS dead_letters (
            seq {number} PRIMARY KEY, at {number} NOT NULL, reason TEXT NOT NULL, settled_at {number}, settled_by TEXT, settlement TEXT);
        CREATE TABLE IF NOT EXISTS waiting (seq {number} PRIMARY KEY);
        CREATE TABLE IF NOT EXISTS leases (seq {number} PRIMARY KEY, holder TEXT NOT NULL, until {number} NOT NULL);
        CREATE TABLE IF NOT EXISTS configurations (
            ns TEXT NOT NULL, listener TEXT NOT NULL, at {number} NOT NULL, manifests TEXT NOT NULL, PRIMARY KEY (ns, listener, at));
        """;
}
