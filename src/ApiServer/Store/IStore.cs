using System.Text.Json.Nodes;

namespace Hikigane.ApiServer.Store;

/// <summary>
/// The embedded truth: one revision log for all objects, all live objects in memory. A write completes when it is as durable as the
/// store can make it, and is visible to readers and watchers only then. Reads never wait and never touch a disk. Cancelling gives up
/// waiting; the write may still happen. Disposing ends the writer; later writes fail. Any thread may call.
/// Two implementations: <see cref="MemoryStore"/> and <c>SqliteStore</c>.
/// </summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>What there is now: an immutable picture.</summary>
    public Snapshot Current { get; }

    /// <summary>Writes if the object still has the expected revision, else throws <see cref="StoreConflictException"/>.</summary>
    public Task<StoreChange> WriteAsync(StoreWrite write, CancellationToken cancellationToken);

    /// <summary>
    /// Follows the changes of a resource (of all, when empty) after a revision, in order, without gaps.
    /// Throws a 410 when that revision is older than what is kept.
    /// </summary>
    public ChangeCursor Follow(string resource, long afterRevision);

    /// <summary>A recent picture by its revision, for lists in pages; null when it is no longer kept.</summary>
    public Snapshot? At(long revision);
}

/// <summary>One write. The store sets <c>metadata.resourceVersion</c> in the manifest, which it then owns.</summary>
/// <param name="Expected">Revision that the object must have; 0: it must not exist.</param>
/// <param name="Manifest">The new object; null deletes.</param>
/// <param name="Last">The last state that a deletion shows, where it differs from the stored one.</param>
public sealed record StoreWrite(StoreKey Key, long Expected, JsonObject? Manifest, JsonObject? Last = null);

/// <summary>The object changed, appeared or went meanwhile: read again and decide again.</summary>
public sealed class StoreConflictException(StoredObject? current) : Exception("the object has another revision")
{
    /// <summary>What is there instead; null: nothing.</summary>
    public StoredObject? Current { get; } = current;
}
