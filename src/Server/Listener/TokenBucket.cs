using System.Net;
using Hikigane.Resources.Triggers;

namespace Hikigane.Server.Listener;

/// <summary>A bucket that fills at a rate; each request takes one token. Any thread may call.</summary>
internal sealed class TokenBucket(RateLimit limit, DateTimeOffset now)
{
    private readonly Lock gate = new();
    private double tokens = limit.Burst;
    private DateTimeOffset filledAt = now;

    public RateLimit Limit => limit;

    /// <summary>Takes a token; else how long until there is one.</summary>
    public TimeSpan? Take(DateTimeOffset at)
    {
        lock (gate)
        {
            Fill(at);
            if (tokens >= 1)
            {
                tokens--;
                return null;
            }

            return TimeSpan.FromSeconds((1 - tokens) / limit.PerSecond);
        }
    }

    /// <summary>Whether it is as good as new, so that nothing is lost by forgetting it.</summary>
    public bool IsFull(DateTimeOffset at)
    {
        lock (gate)
        {
            Fill(at);
            return tokens >= limit.Burst;
        }
    }

    private void Fill(DateTimeOffset at)
    {
        // A clock that is set back gives nothing and takes nothing.
        if (at > filledAt)
        {
            tokens = Math.Min(limit.Burst, tokens + ((at - filledAt).TotalSeconds * limit.PerSecond));
        }

        filledAt = at;
    }
}

/// <summary>
/// A bucket for each address, as many as there is room for: whoever comes when it is full shares one with the others that did. An IPv6
/// client owns a /64, so that is what counts as its address. Any thread may call.
/// </summary>
internal sealed class AddressBuckets(RateLimit limit)
{
    private const int Most = 10_000;

    private readonly Lock gate = new();
    private readonly Dictionary<UInt128, TokenBucket> buckets = [];
    private TokenBucket? shared;
    private DateTimeOffset sweptAt;

    public RateLimit Limit => limit;

    public TimeSpan? Take(IPAddress address, DateTimeOffset at)
    {
        lock (gate)
        {
            var key = Key(address);
            if (!buckets.TryGetValue(key, out var bucket))
            {
                bucket = HasRoom(at) ? buckets[key] = new TokenBucket(limit, at) : shared ??= new TokenBucket(limit, at);
            }

            return bucket.Take(at);
        }
    }

    private bool HasRoom(DateTimeOffset at)
    {
        if (buckets.Count >= Most && at - sweptAt >= TimeSpan.FromSeconds(1))
        {
            sweptAt = at;
            foreach (var (key, _) in buckets.Where(pair => pair.Value.IsFull(at)).ToList())
            {
                buckets.Remove(key);
            }
        }

        return buckets.Count < Most;
    }

    private static UInt128 Key(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return bytes.Length == 4
            ? new UInt128(ulong.MaxValue, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
