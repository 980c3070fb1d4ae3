namespace Hikigane.Runtime;

/// <summary>
/// Wakes those who wait for files of a pod. The files are the truth; this only saves the polling. Any thread may call.
/// Somebody else may write a file (a process, a person): a waiter looks again after a while by itself.
/// </summary>
public sealed class PodSignals(TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    private volatile TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Says that some file of the pod has changed.</summary>
    public void Raise() => Interlocked.Exchange(ref changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Waits until a condition over files holds.</summary>
    public async Task WaitUntilAsync(Func<bool> holds, CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = changed.Task;
            if (holds())
            {
                return;
            }

            try
            {
                await next.WaitAsync(LookAgain, time, cancellationToken);
            }
            catch (TimeoutException)
            {
            }
        }
    }
}
