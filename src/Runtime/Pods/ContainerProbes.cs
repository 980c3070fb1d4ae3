using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Pods;

/// <summary>
/// The probes of one run of a container: the startup probe first and alone, then liveness and readiness beside each other, until it ends. What
/// fails too often at the first two is restarted as its policy says. As kubernetes pkg/kubelet/prober.
/// </summary>
internal sealed class ContainerProbes(PodWorker worker, ContainerRunner runner, PodServices services, Task ended)
{
    private ContainerRecord Record => runner.Record;

    public async Task RunAsync()
    {
        if (Record.Spec.Object("startupProbe") is { } startup && !await StartedAsync(startup))
        {
            return;
        }

        if (Record.Spec["startupProbe"] is not null && Record.IsRunning)
        {
            Set(() =>
            {
                Record.HasStarted = true;
                Record.IsReady = Record.Spec["readinessProbe"] is null;
            });
        }

        runner.SetStarted();
        await Task.WhenAll(
            Record.Spec.Object("livenessProbe") is { } liveness ? LivingAsync(liveness) : Task.CompletedTask,
            Record.Spec.Object("readinessProbe") is { } readiness ? ReadyAsync(readiness) : Task.CompletedTask);
    }

    /// <summary>Until the first success; false when the container was stopped for it, or has ended.</summary>
    private async Task<bool> StartedAsync(JsonObject probe)
    {
        await foreach (var isFailing in LooksAsync(probe, "Startup"))
        {
            if (isFailing is false)
            {
                return true;
            }

            if (isFailing is true)
            {
                Restart("startup");
                return false;
            }
        }

        return false;
    }

    private async Task LivingAsync(JsonObject probe)
    {
        await foreach (var isFailing in LooksAsync(probe, "Liveness"))
        {
            if (isFailing is true)
            {
                Restart("liveness");
                return;
            }
        }
    }

    private async Task ReadyAsync(JsonObject probe)
    {
        await foreach (var isFailing in LooksAsync(probe, "Readiness"))
        {
            if (isFailing is { } failing && Record.IsReady == failing && Record.IsRunning)
            {
                Set(() => Record.IsReady = !failing);
            }
        }
    }

    /// <summary>One look a period: true when the probe has failed, false when it has succeeded, as often in a row as it says; null in between.</summary>
    private async IAsyncEnumerable<bool?> LooksAsync(JsonObject probe, string name)
    {
        var period = TimeSpan.FromSeconds(Math.Max(1, probe.Integer("periodSeconds") ?? 10));
        var longest = TimeSpan.FromSeconds(Math.Max(1, probe.Integer("timeoutSeconds") ?? 1));
        var (successes, failures) = (0, 0);
        await WaitAsync(TimeSpan.FromSeconds(probe.Integer("initialDelaySeconds") ?? 0));
        while (!ended.IsCompleted)
        {
            var problem = await ProbeCheck.RunAsync(probe, runner, services, longest);
            if (ended.IsCompleted)
            {
                yield break;
            }

            (successes, failures) = problem is null ? (successes + 1, 0) : (0, failures + 1);
            if (problem is not null)
            {
                worker.Record("Warning", "Unhealthy", $"{name} probe failed: {problem}", Record.Name, Record.IsInit);
            }

            bool? answer = failures >= (probe.Integer("failureThreshold") ?? 3) ? true
                : successes >= (probe.Integer("successThreshold") ?? 1) ? false
                : null;
            yield return answer;
            // Until the first success a look is cheap and somebody waits for it.
            await WaitAsync(answer == false || name == "Liveness" ? period : TimeSpan.FromSeconds(Math.Min(period.TotalSeconds, 1)));
        }
    }

    private void Restart(string name)
    {
        worker.Record("Normal", "Killing", $"Container {Record.Name} failed {name} probe, will be restarted", Record.Name, Record.IsInit);
        _ = runner.StopAsync(Record.Spec.Integer($"{name}Probe", "terminationGracePeriodSeconds") ?? worker.GracePeriod, isQuiet: true);
    }

    private void Set(Action change)
    {
        lock (worker.Gate)
        {
            change();
        }

        worker.Changed();
    }

    private async Task WaitAsync(TimeSpan delay)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.WhenAny(ended, Task.Delay(delay, services.Time, CancellationToken.None));
        }
    }
}
