namespace Hikigane.Server.Listener;

/// <summary>
/// How many bytes of bodies requests under way may hold together, so that memory stays bounded however many slow senders of large events there
/// are. What has arrived counts, not what a sender announces: an announcement costs him nothing. Any thread may take and give back.
/// </summary>
internal sealed class BodyBytes(long most)
{
    /// <summary>For a process, unless a listener's annotation says otherwise: ten of the largest events of GitHub.</summary>
    public const long Default = 256L * 1024 * 1024;

    private long held;

    /// <summary>The cap.</summary>
    public long Most => most;

    /// <summary>Held now.</summary>
    public long Held => Interlocked.Read(ref held);

    /// <summary>The share of one request; to be disposed when the request is answered or broke off.</summary>
    public Share Hold() => new(this);

    private bool Take(long bytes)
    {
        if (Interlocked.Add(ref held, bytes) <= most)
        {
            return true;
        }

        Interlocked.Add(ref held, -bytes);
        return false;
    }

    /// <summary>What one request holds. Used by that request only.</summary>
    internal sealed class Share(BodyBytes bytes) : IDisposable
    {
        private long mine;

        /// <summary>Raises what this request holds to <paramref name="total"/> bytes; false, and nothing is taken, where that is too much.</summary>
        public bool Grow(long total)
        {
            if (total > mine && !bytes.Take(total - mine))
            {
                return false;
            }

            mine = Math.Max(mine, total);
            return true;
        }

        public void Dispose()
        {
            Interlocked.Add(ref bytes.held, -mine);
            mine = 0;
        }
    }
}
