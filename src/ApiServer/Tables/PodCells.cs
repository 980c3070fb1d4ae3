using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Tables;

/// <summary>The cells of a pod that need thought: READY, STATUS and RESTARTS. As kubernetes pkg/printers/internalversion printPod.</summary>
internal sealed class PodCells
{
    private int ready;
    private int total;
    private long restarts;
    private long sidecarRestarts;
    private DateTimeOffset? lastRestart;
    private string status;

    private PodCells(JsonObject pod)
    {
        status = pod.Text("status", "reason") ?? pod.Text("status", "phase") ?? "Unknown";
        if (pod.Condition("PodScheduled").Text("reason") == "SchedulingGated")
        {
            status = "SchedulingGated";
        }

        total = pod.Objects("spec", "containers").Count();
        var isInitializing = ReadInitContainers(pod);
        if (!isInitializing || pod.Condition("Initialized").Text("status") == "True")
        {
            ReadContainers(pod);
        }

        if (pod.IsBeingDeleted())
        {
            var isTerminal = pod.Text("status", "phase") is "Succeeded" or "Failed";
            status = pod.Text("status", "reason") == "NodeLost" ? "Unknown" : isTerminal ? status : "Terminating";
        }
    }

    public static string Ready(JsonObject pod)
    {
        var cells = new PodCells(pod);
        return $"{cells.ready}/{cells.total}";
    }

    public static string Status(JsonObject pod) => new PodCells(pod).status;

    public static string Restarts(JsonObject pod, DateTimeOffset now)
    {
        var cells = new PodCells(pod);
        return cells.restarts > 0 && cells.lastRestart is { } at ? $"{cells.restarts} ({Age.Human(now - at)} ago)" : $"{cells.restarts}";
    }

    /// <summary>Whether an init container is what the pod waits for.</summary>
    private bool ReadInitContainers(JsonObject pod)
    {
        var sidecars = pod.Objects("spec", "initContainers").Where(container => container.Text("restartPolicy") == "Always")
            .Select(container => container.Text("name")).ToHashSet();
        total += sidecars.Count;
        var statuses = pod.Objects("status", "initContainerStatuses").ToList();
        foreach (var (index, container) in statuses.Index())
        {
            var isSidecar = sidecars.Contains(container.Text("name"));
            Count(container, isSidecar);
            var state = container["state"];
            if (state.At("terminated") is { } terminated && terminated.Integer("exitCode") == 0)
            {
                continue;
            }

            if (isSidecar && container.Flag("started"))
            {
                ready += container.Flag("ready") ? 1 : 0;
                continue;
            }

            var count = pod.Objects("spec", "initContainers").Count();
            status = (state.At("terminated"), state.Text("waiting", "reason")) switch
            {
                ({ } ended, _) when !string.IsNullOrEmpty(ended.Text("reason")) => $"Init:{ended.Text("reason")}",
                ({ } ended, _) when ended.Integer("signal") is { } signal and not 0 => $"Init:Signal:{signal}",
                ({ } ended, _) => $"Init:ExitCode:{ended.Integer("exitCode") ?? 0}",
                (_, { Length: > 0 } waiting) when waiting != "PodInitializing" => $"Init:{waiting}",
                _ => $"Init:{index}/{count}",
            };
            return true;
        }

        return false;
    }

    private void ReadContainers(JsonObject pod)
    {
        var hasRunning = false;
        var failed = "";
        restarts = sidecarRestarts;
        foreach (var container in pod.Objects("status", "containerStatuses").Reverse())
        {
            Count(container, isSidecar: false);
            var state = container["state"];
            if (state.Text("waiting", "reason") is { Length: > 0 } waiting)
            {
                status = waiting;
            }
            else if (state.Object("terminated") is { } terminated)
            {
                status = Outcome(terminated);
                failed = terminated.Integer("exitCode") is 0 or null ? failed : status;
            }
            else if (container.Flag("ready") && state.Object("running") is not null)
            {
                hasRunning = true;
                ready++;
            }
        }

        if (status == "Completed")
        {
            var isReady = pod.Condition("Ready").Text("status") == "True";
            status = hasRunning && isReady ? "Running" : failed.Length > 0 ? failed : hasRunning ? "NotReady" : status;
        }
    }

    private static string Outcome(JsonObject terminated) => (terminated.Text("reason"), terminated.Integer("signal")) switch
    {
        ({ Length: > 0 } reason, _) => reason,
        (_, { } signal and not 0) => $"Signal:{signal}",
        _ => $"ExitCode:{terminated.Integer("exitCode") ?? 0}",
    };

    private void Count(JsonObject container, bool isSidecar)
    {
        var count = container.Integer("restartCount") ?? 0;
        restarts += count;
        sidecarRestarts += isSidecar ? count : 0;
        if (Age.Parse(container.Text("lastState", "terminated", "finishedAt")) is { } at && (lastRestart is null || at > lastRestart))
        {
            lastRestart = at;
        }
    }
}
