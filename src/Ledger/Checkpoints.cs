using Microsoft.Data.Sqlite;

namespace Hikigane.Ledger;

/// <summary>
/// Moves the write-ahead log into the file, off the writer's path: checkpoints are what makes its slowest commits slow. The log is begun anew when a
/// checkpoint finds nothing behind it; under a load without a pause that never happens, so past a limit the writer is stopped for as long as
/// the rest takes. The log is not cut off before the end: the file system may take a quarter of a second to give back so many blocks, and
/// every commit waits for it.
/// </summary>
internal sealed class Checkpoints : IAsyncDisposable
{
    /// <summary>128 MiB of the log.</summary>
    private const long MostPages = 16 * 1024;

    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);

    private readonly SqliteConnection connection;
    private readonly TimeProvider time;
    private readonly FileInfo wal;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task loop;

    /// <param name="connection">Its own; it is disposed with this.</param>
    public Checkpoints(SqliteConnection connection, TimeProvider time)
    {
        this.connection = connection;
        this.time = time;
        wal = new FileInfo(connection.DataSource + "-wal");
        loop = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await loop;
        await connection.DisposeAsync();
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var (seen, pause) = (default(DateTime), Busy);
        try
        {
            while (true)
            {
                await Task.Delay(pause, time, stopping.Token);
                wal.Refresh();
                pause = wal.LastWriteTimeUtc == seen ? Idle : Busy;
                seen = wal.LastWriteTimeUtc;
                if (pause == Busy)
                {
                    Move();
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Move()
    {
        try
        {
            if (Passive() > MostPages)
            {
                connection.Execute("PRAGMA wal_checkpoint(RESTART)");
            }
        }
        catch (SqliteException)
        {
            // Busy, or the disk is full: the log stays longer, and the next write tries again.
        }
    }

    /// <summary>Stops nobody; returns how many pages the log holds.</summary>
    private long Passive()
    {
        using var command = connection.Command("PRAGMA wal_checkpoint(PASSIVE)");
        using var row = command.ExecuteReader();
        return row.Read() ? row.GetInt64(1) : 0;
    }
}
