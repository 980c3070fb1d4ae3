using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Hikigane.Ledger;

/// <summary>
/// One writer for many callers: everything that waits goes into one transaction, and each caller is answered after the commit. Under load
/// one fsync serves hundreds of callers; without load a caller waits for one fsync.
/// </summary>
internal sealed class GroupCommit : IAsyncDisposable
{
    private const int LargestBatch = 512;

    private readonly Channel<Write> queue = Channel.CreateBounded<Write>(new BoundedChannelOptions(16 * 1024) { SingleReader = true });
    private readonly LedgerSession session;
    private readonly Task loop;

    public GroupCommit(SqliteConnection connection)
    {
        session = new LedgerSession(connection);
        loop = Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Completes when the write is on disk. Cancelling gives up waiting; the write may still happen.</summary>
    public async Task WriteAsync(Action<LedgerSession> action, CancellationToken cancellationToken)
    {
        var write = new Write(action, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await queue.Writer.WriteAsync(write, cancellationToken);
        await write.Committed.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await loop;
        session.Dispose();
    }

    private void Run()
    {
        var batch = new List<Write>(LargestBatch);
        while (queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Count < LargestBatch && queue.Reader.TryRead(out var write))
            {
                batch.Add(write);
            }

            Commit(batch);
            batch.Clear();
        }
    }

    /// <summary>A batch fails as a whole, so one bad write is found by trying its neighbours alone.</summary>
    private void Commit(List<Write> batch)
    {
        try
        {
            session.Execute("BEGIN IMMEDIATE");
            foreach (var write in batch)
            {
                write.Action(session);
            }

            session.Execute("COMMIT");
        }
        catch (Exception exception) when (batch.Count == 1)
        {
            RollBack();
            batch[0].Committed.TrySetException(new LedgerException("the ledger cannot be written: " + exception.Message, exception));
            return;
        }
        catch (Exception)
        {
            RollBack();
            foreach (var write in batch)
            {
                Commit([write]);
            }

            return;
        }

        foreach (var write in batch)
        {
            write.Committed.TrySetResult();
        }
    }

    /// <summary>A full disk ends the transaction by itself, and then there is nothing to roll back.</summary>
    private void RollBack()
    {
        try
        {
            session.Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
        }
    }

    private sealed record Write(Action<LedgerSession> Action, TaskCompletionSource Committed);
}
