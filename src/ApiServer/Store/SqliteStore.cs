using System.Threading.Channels;
using Hikigane.Kube;
using Microsoft.Data.Sqlite;

namespace Hikigane.ApiServer.Store;

/// <summary>
/// The durable store. One thread writes: it drains the queue, commits once for all that waited (<c>synchronous=FULL</c>), publishes, then
/// answers. A write that fails because of the disk is answered with a 500; reads and watches go on.
/// </summary>
public sealed class SqliteStore : IStore
{
    private const int LargestBatch = 512;
    private static readonly TimeSpan CheckpointAfter = TimeSpan.FromMilliseconds(300);

    private readonly Channel<Waiting> queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(8192) { SingleReader = true });
    private readonly SqliteLog disk;
    private readonly ChangeLog log;
    private readonly Thread writer;

    // Says that something was written since the last checkpoint; once is enough.
    private readonly Channel<bool> written = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource stopping = new();
    private readonly Task checkpoints;

    private SqliteStore(SqliteLog disk, TimeProvider time)
    {
        this.disk = disk;
        log = new ChangeLog(disk.Load(), disk.Horizon);
        writer = new Thread(Write) { Name = "store writer", IsBackground = true };
        writer.Start();
        checkpoints = CheckpointAsync(time);
    }

    /// <summary>Opens or makes the store in a directory; throws when another process has it.</summary>
    public static SqliteStore Open(string directory, TimeProvider time) => new(SqliteLog.Open(directory), time);

    public Snapshot Current => log.Current;

    public async Task<StoreChange> WriteAsync(StoreWrite write, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(write, new TaskCompletionSource<StoreChange>(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await queue.Writer.WriteAsync(waiting, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw new KubeException(503, "ServiceUnavailable", "the store is closed");
        }

        return await waiting.Done.Task.WaitAsync(cancellationToken);
    }

    public ChangeCursor Follow(string resource, long afterRevision) => log.Follow(resource, afterRevision);

    public Snapshot? At(long revision) => log.At(revision);

    public async ValueTask DisposeAsync()
    {
        if (!queue.Writer.TryComplete())
        {
            return;
        }

        await Task.Run(writer.Join);
        await stopping.CancelAsync();
        await checkpoints;
        disk.Dispose();
        stopping.Dispose();
    }

    private void Write()
    {
        var reader = queue.Reader;
        var taken = new List<Waiting>(LargestBatch);
#pragma warning disable CA2012 // A thread of its own waits here: there is nothing else for it to do.
        while (reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
#pragma warning restore CA2012
        {
            taken.Clear();
            while (taken.Count < LargestBatch && reader.TryRead(out var one))
            {
                taken.Add(one);
            }

            Commit(taken);
        }
    }

    private void Commit(List<Waiting> taken)
    {
        var batch = new PendingBatch(log.Current);
        var accepted = new List<(Waiting Waiting, StoreChange Change)>(taken.Count);
        foreach (var one in taken)
        {
            try
            {
                accepted.Add((one, batch.Add(one.Write)));
            }
            catch (Exception exception) when (exception is StoreConflictException or InvalidOperationException)
            {
                one.Done.TrySetException(exception);
            }
        }

        if (accepted.Count == 0)
        {
            return;
        }

        try
        {
            disk.Append(batch.Changes);
        }
        catch (Exception exception) when (exception is SqliteException or IOException)
        {
            var refusal = new KubeException(500, "InternalError", $"Internal error occurred: the store cannot write: {exception.Message}");
            accepted.ForEach(one => one.Waiting.Done.TrySetException(refusal));
            return;
        }

        log.Publish(batch.Changes, batch.Next);
        written.Writer.TryWrite(true);
        accepted.ForEach(one => one.Waiting.Done.TrySetResult(one.Change));
    }

    /// <summary>A while after a write, and again where that failed: a store that nobody writes to sleeps.</summary>
    private async Task CheckpointAsync(TimeProvider time)
    {
        try
        {
            while (await written.Reader.ReadAsync(stopping.Token))
            {
                bool isDone;
                do
                {
                    await Task.Delay(CheckpointAfter, time, stopping.Token);
                    isDone = disk.Checkpoint(Current.Revision);
                }
                while (!isDone);
            }
        }
        catch (OperationCanceledException)
        {
            // Closing.
        }
    }

    private sealed record Waiting(StoreWrite Write, TaskCompletionSource<StoreChange> Done);
}
