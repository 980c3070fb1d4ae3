using System.Collections.Concurrent;

namespace Hikigane.Runtime.Processes;

/// <summary>
/// The thread that starts all processes, and lives as long as this one. The kernel ends a child that wants to die with its parent when the
/// <em>thread</em> that started it ends, and a thread of the pool ends whenever there is little to do.
/// </summary>
internal static class SpawnThread
{
    private static readonly BlockingCollection<Action> Waiting = Started();

    public static Task<bool> RunAsync(Func<bool> start)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Waiting.Add(() =>
        {
            try
            {
                done.SetResult(start());
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });
        return done.Task;
    }

    private static BlockingCollection<Action> Started()
    {
        var waiting = new BlockingCollection<Action>();
        new Thread(() =>
        {
            foreach (var start in waiting.GetConsumingEnumerable())
            {
                start();
            }
        })
        { IsBackground = true, Name = "process starts" }.Start();
        return waiting;
    }
}
