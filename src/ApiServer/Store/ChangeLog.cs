using System.Collections.Concurrent;
using Hikigane.Kube;

namespace Hikigane.ApiServer.Store;

/// <summary>
/// The state that a store publishes, and the recent part of the revision log. One thread at a time publishes; any thread reads. Each
/// resource's changes are a linked list that all watchers share, so a watcher costs a cursor and no queue; one that falls behind the part
/// that is kept is cut off.
/// </summary>
internal sealed class ChangeLog
{
    private const int KeptChanges = 30_000;
    private const long KeptBytes = 64 << 20;
    private const int KeptSnapshots = 2_000;

    private readonly ConcurrentDictionary<string, ResourceLog> logs = new();
    private readonly Queue<(ResourceLog Log, int Size)> order = new();
    private readonly Queue<long> pictured = new();
    private readonly ConcurrentDictionary<long, Snapshot> pictures = new();
    private long bytes;
    private long published;
    private Snapshot current;

    public ChangeLog(Snapshot start, long horizon)
    {
        current = start;
        published = start.Revision;
        Horizon = horizon;
        pictures[start.Revision] = start;
        pictured.Enqueue(start.Revision);
    }

    public Snapshot Current => Volatile.Read(ref current);

    /// <summary>No change at or below this revision is kept for any resource.</summary>
    public long Horizon { get; }

    /// <summary>The revision up to which all changes are in the lists that watchers read.</summary>
    public long Published => Volatile.Read(ref published);

    public Snapshot? At(long revision) => pictures.GetValueOrDefault(revision) ?? (Current is { } now && now.Revision == revision ? now : null);

    /// <summary>Readers first, then watchers: whoever hears of a change finds it.</summary>
    public void Publish(IReadOnlyList<StoreChange> changes, Snapshot next)
    {
        Volatile.Write(ref current, next);
        var touched = new HashSet<ResourceLog>();
        foreach (var change in changes)
        {
            Append(Log(change.Key.Resource), change, touched, change.After.Json.Length);
            Append(Log(""), change, touched, 0);
        }

        pictures[next.Revision] = next;
        pictured.Enqueue(next.Revision);
        Trim();
        Volatile.Write(ref published, next.Revision);
        foreach (var log in touched)
        {
            log.Wake();
        }
    }

    public ChangeCursor Follow(string resource, long afterRevision)
    {
        var log = Log(resource);
        var node = log.Start(afterRevision)
            ?? throw new KubeException(410, "Expired", $"too old resource version: {afterRevision} ({Current.Revision})");
        return new ChangeCursor(this, log, node, afterRevision);
    }

    private ResourceLog Log(string resource) => logs.GetOrAdd(resource, _ => new ResourceLog(Horizon));

    private void Append(ResourceLog log, StoreChange change, HashSet<ResourceLog> touched, int size)
    {
        log.Append(change);
        touched.Add(log);
        order.Enqueue((log, size));
        bytes += size;
    }

    private void Trim()
    {
        while (order.Count > KeptChanges * 2 || bytes > KeptBytes)
        {
            var (log, size) = order.Dequeue();
            log.DropFirst();
            bytes -= size;
        }

        while (pictured.Count > KeptSnapshots)
        {
            pictures.TryRemove(pictured.Dequeue(), out _);
        }
    }
}

/// <summary>The recent changes of one resource.</summary>
internal sealed class ResourceLog
{
    private ChangeNode head;
    private ChangeNode tail;
    private long trimmed;
    private TaskCompletionSource signal = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ResourceLog(long horizon)
    {
        trimmed = horizon;
        head = tail = new ChangeNode(null);
    }

    /// <summary>Changes at or below this revision are gone.</summary>
    public long Trimmed => Volatile.Read(ref trimmed);

    public Task NextSignal => Volatile.Read(ref signal).Task;

    public void Append(StoreChange change)
    {
        var node = new ChangeNode(change);
        tail.Next = node;
        Volatile.Write(ref tail, node);
    }

    public void DropFirst()
    {
        if (head.Next is { Change: { } first } next)
        {
            Volatile.Write(ref trimmed, first.Revision);
            Volatile.Write(ref head, next);
        }
    }

    public void Wake() => Interlocked.Exchange(ref signal, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>The node after which a watch begins; null when what it asks for is gone.</summary>
    public ChangeNode? Start(long afterRevision)
    {
        var last = Volatile.Read(ref tail);
        if (last.Change is { } newest && newest.Revision <= afterRevision)
        {
            return last;
        }

        var node = Volatile.Read(ref head);
        if (afterRevision < Trimmed)
        {
            return null;
        }

        while (node.Next is { Change: { } change } next && change.Revision <= afterRevision)
        {
            node = next;
        }

        return node;
    }
}

/// <summary>An entry of a resource's list; <see cref="Next"/> is set once.</summary>
internal sealed class ChangeNode(StoreChange? change)
{
    private ChangeNode? next;

    public StoreChange? Change { get; } = change;

    public ChangeNode? Next
    {
        get => Volatile.Read(ref next);
        set => Volatile.Write(ref next, value);
    }
}
