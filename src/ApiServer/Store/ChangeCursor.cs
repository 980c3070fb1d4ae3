using Hikigane.Kube;

namespace Hikigane.ApiServer.Store;

/// <summary>A place in the log from which one watcher reads. One thread at a time.</summary>
public sealed class ChangeCursor
{
    private readonly ChangeLog owner;
    private readonly ResourceLog log;
    private readonly long after;
    private ChangeNode node;

    internal ChangeCursor(ChangeLog owner, ResourceLog log, ChangeNode node, long after)
    {
        this.owner = owner;
        this.log = log;
        this.node = node;
        this.after = after;
    }

    /// <summary>A revision up to which everything was read, once <see cref="TryNext"/> has said null after it was taken.</summary>
    public long Published => owner.Published;

    /// <summary>Completes when more may be there. Take it before <see cref="TryNext"/>, or a change may be slept through.</summary>
    public Task NextSignal => log.NextSignal;

    /// <summary>The next change, or null for now. Throws a 410 when the reader was too slow and changes are gone.</summary>
    public StoreChange? TryNext()
    {
        while (node.Next is { } next)
        {
            if (next.Change!.Revision < log.Trimmed && next.Change.Revision > after)
            {
                throw new KubeException(410, "Expired", $"too old resource version: {next.Change.Revision} ({owner.Current.Revision})");
            }

            node = next;
            if (next.Change.Revision > after)
            {
                return next.Change;
            }
        }

        return null;
    }
}
