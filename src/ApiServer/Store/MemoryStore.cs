namespace Hikigane.ApiServer.Store;

/// <summary>The store without a disk: for tests and <c>--in-memory</c>. Writers take turns under a lock.</summary>
public sealed class MemoryStore : IStore
{
    private readonly Lock gate = new();
    private readonly ChangeLog log = new(Snapshot.Empty, horizon: 0);

    public Snapshot Current => log.Current;

    public Task<StoreChange> WriteAsync(StoreWrite write, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            try
            {
                var batch = new PendingBatch(log.Current);
                var change = batch.Add(write);
                log.Publish(batch.Changes, batch.Next);
                return Task.FromResult(change);
            }
            catch (StoreConflictException conflict)
            {
                return Task.FromException<StoreChange>(conflict);
            }
        }
    }

    public ChangeCursor Follow(string resource, long afterRevision) => log.Follow(resource, afterRevision);

    public Snapshot? At(long revision) => log.At(revision);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
