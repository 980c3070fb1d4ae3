namespace Hikigane.Runtime.Pods;

/// <summary>
/// Tekton's image that does nothing, served here: it ends at once, which is how a sidecar is stopped, or runs until it is told to end, which is what an
/// affinity assistant does. As tektoncd/pipeline cmd/nop.
/// </summary>
internal static class NoOperation
{
    public static async Task<int> RunAsync(ContainerContext context, CancellationToken cancellationToken)
    {
        if (context.Launch.Command.Contains("tekton_run_indefinitely"))
        {
            try
            {
                await context.Received.ReadAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return 137;
            }
        }

        return 0;
    }
}
