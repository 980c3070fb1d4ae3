using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Pods;

/// <summary>Containers → pod status: phase and conditions as a kubelet derives them (kubernetes pkg/kubelet/kubelet_pods.go, status/generate.go).</summary>
internal static class PodStatusBuilder
{
    /// <param name="failure">Reason and message of a cause that concerns the whole pod, or null.</param>
    public static JsonObject Build(JsonObject pod, IReadOnlyList<ContainerRecord> containers, NodeOptions node, (string Reason, string Message)? failure, DateTimeOffset now)
    {
        var init = containers.Where(container => container.IsInit).ToList();
        var regular = containers.Where(container => !container.IsInit).ToList();
        var known = pod.Text("status", "phase");
        var phase = known is "Succeeded" or "Failed" ? known : failure is not null ? "Failed" : Phase(pod, init, regular);
        var longest = TerminationMessage.LongestInPod / Math.Max(1, containers.Count);
        var status = new JsonObject
        {
            ["phase"] = phase,
            ["conditions"] = Conditions(pod, init, regular, phase, now),
            ["hostIP"] = node.NodeAddress,
            ["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = node.NodeAddress }),
            ["podIP"] = node.NodeAddress,
            ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = node.NodeAddress }),
            ["startTime"] = pod.Text("status", "startTime") ?? ContainerRecord.Stamp(now),
            ["containerStatuses"] = new JsonArray([.. regular.Select(container => container.ToStatus(longest))]),
        };
        if (init.Count > 0)
        {
            status["initContainerStatuses"] = new JsonArray([.. init.Select(container => container.ToStatus(longest))]);
        }

        if (failure is { } cause)
        {
            status["reason"] = cause.Reason;
            status["message"] = cause.Message;
        }

        return status;
    }

    public static string Phase(JsonObject pod, IReadOnlyList<ContainerRecord> init, IReadOnlyList<ContainerRecord> regular)
    {
        var policy = pod.Text("spec", "restartPolicy") ?? "Always";
        if (init.Any(container => !container.IsSidecar && container.IsTerminated && container.ExitCode != 0) && policy == "Never")
        {
            return "Failed";
        }

        if (init.Any(container => !HasPassed(container)) ||
            regular.Any(container => container is { IsRunning: false, IsTerminated: false } && container.LastState.Count == 0))
        {
            return "Pending";
        }

        if (regular.Any(container => container.IsRunning))
        {
            return "Running";
        }

        if (regular.Any(container => !container.IsTerminated))
        {
            return "Running";
        }

        var failed = regular.Any(container => container.ExitCode != 0);
        return policy switch
        {
            "Always" => "Running",
            "OnFailure" when failed => "Running",
            _ => failed ? "Failed" : "Succeeded",
        };
    }

    private static bool HasPassed(ContainerRecord container) =>
        container.IsSidecar ? container.HasStarted || container.IsTerminated : container is { IsTerminated: true, ExitCode: 0 };

    private static JsonArray Conditions(JsonObject pod, List<ContainerRecord> init, List<ContainerRecord> regular, string phase, DateTimeOffset now)
    {
        var done = phase switch { "Succeeded" => "PodCompleted", "Failed" => "PodFailed", _ => null };
        var incomplete = init.Where(container => !HasPassed(container)).Select(container => container.Name).ToList();
        var unready = regular.Where(container => !container.IsReady).Select(container => container.Name).ToList();
        var isReady = done is null && incomplete.Count == 0 && unready.Count == 0;
        var notReady = done is not null ? (done, (string?)null)
            : isReady ? (null, null)
            : ("ContainersNotReady", $"containers with unready status: [{string.Join(' ', unready)}]");
        var initialized = phase == "Succeeded" ? ("PodCompleted", (string?)null)
            : incomplete.Count == 0 ? (null, null)
            : ("ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', incomplete)}]");
        var written = new JsonArray
        {
            (JsonNode)Condition(pod, "PodReadyToStartContainers", done is null, null, null, now),
            (JsonNode)Condition(pod, "Initialized", incomplete.Count == 0 || phase == "Succeeded", initialized.Item1, initialized.Item2, now),
            (JsonNode)Condition(pod, "Ready", isReady, notReady.Item1, notReady.Item2, now),
            (JsonNode)Condition(pod, "ContainersReady", isReady, notReady.Item1, notReady.Item2, now),
        };
        foreach (var foreign in pod.Objects("status", "conditions")
            .Where(condition => condition.Text("type") is not ("PodReadyToStartContainers" or "Initialized" or "Ready" or "ContainersReady")))
        {
            written.Add(foreign.DeepClone());
        }

        if (pod.Condition("PodScheduled") is null)
        {
            written.Add((JsonNode)Condition(pod, "PodScheduled", true, null, null, now));
        }

        return written;
    }

    private static JsonObject Condition(JsonObject pod, string type, bool holds, string? reason, string? message, DateTimeOffset now)
    {
        var status = holds ? "True" : "False";
        var before = pod.Condition(type);
        var condition = new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["lastProbeTime"] = null,
            ["lastTransitionTime"] = before.Text("status") == status && before.Text("lastTransitionTime") is { } since ? since : ContainerRecord.Stamp(now),
        };
        if (reason is not null)
        {
            condition["reason"] = reason;
        }

        if (message is not null)
        {
            condition["message"] = message;
        }

        return condition;
    }
}
