namespace Hikigane.Ledger;

/// <summary>Bodies of decided events are stored compressed where that saves something. PostgreSQL does so by itself.</summary>
internal static class BodyPacking
{
    public const int LargestBatch = 32;
    private const int Smallest = 4096;
    private const string Plain = "plain";

    public static IReadOnlyList<long> Candidates(LedgerReader reader) => reader.Read(
        $"SELECT e.seq FROM events e JOIN verdicts v ON v.seq = e.seq WHERE e.body_encoding IS NULL AND length(e.body) >= {Smallest}",
        [], "ORDER BY e.seq LIMIT 2000", row => row.GetInt64(0));

    public static void Pack(LedgerSession session, IEnumerable<long> events)
    {
        foreach (var seq in events)
        {
            if (session.Scalar("SELECT body FROM events WHERE seq = @seq AND body_encoding IS NULL", ("@seq", seq)) is not byte[] body)
            {
                continue;
            }

            var packed = LedgerRows.Packed(body);
            if (packed.Length < body.Length * 9 / 10)
            {
                session.Execute(
                    "UPDATE events SET body = @body, body_encoding = @encoding WHERE seq = @seq",
                    ("@body", packed), ("@encoding", LedgerRows.Deflate), ("@seq", seq));
            }
            else
            {
                session.Execute("UPDATE events SET body_encoding = @encoding WHERE seq = @seq", ("@encoding", Plain), ("@seq", seq));
            }
        }
    }
}
