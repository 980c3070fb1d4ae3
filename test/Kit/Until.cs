namespace Hikigane.Kit;

/// <summary>Waiting for what no task stands for. It gives its turn to others instead of sleeping, and a condition that never holds is a failure, not a hang.</summary>
public static class Until
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    public static async Task HoldsAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
