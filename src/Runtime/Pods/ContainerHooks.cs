using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Pods;

/// <summary>Lifecycle hooks: <c>postStart</c> before a container counts as started, <c>preStop</c> before it is told to end.</summary>
internal static class ContainerHooks
{
    private static readonly TimeSpan LongestPostStart = TimeSpan.FromMinutes(2);

    /// <summary>Null when there is none or it went well; else what went wrong, upon which the container is stopped.</summary>
    public static Task<string?> PostStartAsync(PodWorker worker, ContainerRunner runner, PodServices services) =>
        RunAsync("postStart", "FailedPostStartHook", "PostStartHook failed", worker, runner, services, LongestPostStart);

    /// <summary>Takes at most as long as the container has to end.</summary>
    public static Task PreStopAsync(PodWorker worker, ContainerRunner runner, PodServices services, long graceSeconds) => graceSeconds == 0
        ? Task.CompletedTask
        : RunAsync("preStop", "FailedPreStopHook", "PreStopHook failed", worker, runner, services, TimeSpan.FromSeconds(graceSeconds));

    private static async Task<string?> RunAsync(
        string hook, string reason, string message, PodWorker worker, ContainerRunner runner, PodServices services, TimeSpan longest)
    {
        if (runner.Record.Spec.Object("lifecycle", hook) is not { } action)
        {
            return null;
        }

        if (action.Integer("sleep", "seconds") is { } seconds)
        {
            var sleep = TimeSpan.FromSeconds(seconds);
            await Task.Delay(sleep < longest ? sleep : longest, services.Time, CancellationToken.None);
            return null;
        }

        var problem = await ProbeCheck.RunAsync(action, runner, services, longest);
        if (problem is not null)
        {
            worker.Record("Warning", reason, $"{message}: {problem}", runner.Record.Name, runner.Record.IsInit);
        }

        return problem;
    }
}
