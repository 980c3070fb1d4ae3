using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Triggers;
using Hikigane.Triggers.Verdicts;

namespace Hikigane.Server.Listener;

/// <summary>
/// Puts requests on record that were not let in, so that <c>hikigane why</c> knows of them. Whoever is not let in can send as many as he likes,
/// so it costs him the ledger nothing: of each cause the first fifty are recorded, then one a second, and the next one tells how many were not;
/// of each, a part; and the ledger gives all of them a tenth of its room (<see cref="Retention.PartOfRefused"/>). Any thread may call.
/// </summary>
internal sealed class RefusedRequests(ILedger ledger, TimeProvider time)
{
    private const int MostBody = 64 * 1024;
    private const int MostHeaders = 8 * 1024;
    private static readonly RateLimit Limit = new(PerSecond: 1, Burst: 50);

    private readonly ConcurrentDictionary<string, Account> accounts = new();

    /// <summary>The id under which it is on record; null when it is not. Never fails: the sender gets his answer in any case.</summary>
    /// <param name="request">Asked for only when it will be recorded.</param>
    public async Task<string?> RecordAsync(
        string cause, int status, Func<ReceivedEvent> request, Func<ReceivedEvent, TriggerVerdict> why, CancellationToken cancellationToken)
    {
        var account = accounts.GetOrAdd(cause, _ => new Account(new TokenBucket(Limit, time.GetUtcNow())));
        if (account.Bucket.Take(time.GetUtcNow()) is not null)
        {
            Interlocked.Increment(ref account.Left);
            return null;
        }

        var received = request();
        var verdict = why(received);
        var left = Interlocked.Exchange(ref account.Left, 0);
        try
        {
            await ledger.RecordAsync(
                new Delivery
                {
                    Event = Small(received, isWanted: status >= 500) with { ResponseStatus = status },
                    Outcome = DeliveryVerdict.Of([verdict]),
                    DecidedAt = time.GetUtcNow(),
                    Triggers = [left == 0 ? verdict : verdict with
                    {
                        Explain = string.Create(CultureInfo.InvariantCulture, $"{verdict.Explain} Before it, {left:N0} requests were refused for the same cause that are not on record."),
                    }],
                }, cancellationToken);
            return received.EventId;
        }
        catch (Exception exception) when (exception is LedgerException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <param name="isWanted">The fault is ours: the event may be replayed, so as much is kept as of any other.</param>
    private static ReceivedEvent Small(ReceivedEvent received, bool isWanted)
    {
        if (isWanted)
        {
            return received;
        }

        var room = MostHeaders;
        var isLong = received.Body.Length > MostBody;
        return received with
        {
            Headers = [.. received.Headers.TakeWhile(header => (room -= header.Key.Length + header.Value.Length) >= 0)],
            Body = isLong ? received.Body[..MostBody] : received.Body,
            BodyBytes = received.BodyBytes,
            BodySha256 = isLong ? Convert.ToHexStringLower(SHA256.HashData(received.Body.Span)) : "",
        };
    }

    private sealed class Account(TokenBucket bucket)
    {
        public TokenBucket Bucket => bucket;

        public long Left;
    }
}
