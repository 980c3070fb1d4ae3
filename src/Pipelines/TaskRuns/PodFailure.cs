using System.Text.Json.Nodes;
using Hikigane.Pipelines.Pods;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>Why a pod failed: reason and message of the same container. As tektoncd/pipeline pkg/pod/status.go getFailureInfo.</summary>
internal static class PodFailure
{
    public static bool HasFailed(JsonObject pod) =>
        pod.Text("status", "phase") == "Failed"
        || Terminated(pod, "containerStatuses").Any(one => PodParts.IsStep(one.Name) && (one.ExitCode != 0 || one.IsOutOfMemory));

    public static (string Reason, string Message) Explain(JsonObject pod)
    {
        var message = pod.Text("status", "message") ?? "";
        if (pod.Text("status", "reason") == "Evicted")
        {
            return ("PodEvicted", message);
        }

        var (reason, container, isInit) = Classify(pod);
        if (container is not null && Describe(container) is { Length: > 0 } described)
        {
            return (reason, isInit ? "init container failed, " + described : described);
        }

        if (message.Length > 0)
        {
            return (reason, message);
        }

        var outOfMemory = Terminated(pod, "containerStatuses").Any(one => (PodParts.IsStep(one.Name) || PodParts.IsSidecar(one.Name)) && one.IsOutOfMemory);
        return (reason, outOfMemory ? "OOMKilled" : "build failed for unspecified reasons.");
    }

    /// <summary>Sidecars before steps, out of memory before other failures; init containers before all.</summary>
    private static (string Reason, Ended? Container, bool IsInit) Classify(JsonObject pod)
    {
        var init = Terminated(pod, "initContainerStatuses").ToList();
        var main = Terminated(pod, "containerStatuses").ToList();
        (string Reason, Ended? Container, bool IsInit)[] candidates =
        [
            ("SidecarOOM", init.Find(one => one.IsOutOfMemory && PodParts.IsSidecar(one.Name)), true),
            ("InitContainerOOM", init.Find(one => one.IsOutOfMemory && !PodParts.IsSidecar(one.Name)), true),
            ("SidecarFailed", init.Find(one => one.ExitCode != 0 && PodParts.IsSidecar(one.Name)), true),
            ("InitContainerFailed", init.Find(one => one.ExitCode != 0 && !PodParts.IsSidecar(one.Name)), true),
            ("SidecarOOM", main.Find(one => one.IsOutOfMemory && PodParts.IsSidecar(one.Name)), false),
            ("StepOOM", main.Find(one => one.IsOutOfMemory && PodParts.IsStep(one.Name)), false),
            ("SidecarFailed", main.Find(one => one.ExitCode != 0 && PodParts.IsSidecar(one.Name)), false),
            ("StepFailed", main.Find(one => one.ExitCode != 0 && PodParts.IsStep(one.Name)), false),
        ];
        return candidates.FirstOrDefault(one => one.Container is not null, ("Failed", null, false));
    }

    private static string Describe(Ended container)
    {
        var results = TerminationMessage.Parse(container.Message, out _);
        if (results.Any(one => one is { Type: RunResult.Internal, Key: "Reason", Value: "TimeoutExceeded" }))
        {
            return $"\"{container.Name}\" exited because the step exceeded the specified timeout limit";
        }

        return container.ExitCode == 0 ? ""
            : container.Reason.Length > 0 ? $"\"{container.Name}\" exited with code {container.ExitCode}: {container.Reason}"
            : $"\"{container.Name}\" exited with code {container.ExitCode}";
    }

    /// <summary>Containers that have ended, in the order of the pod's containers.</summary>
    private static IEnumerable<Ended> Terminated(JsonObject pod, string list) =>
        PodReader.InOrder(pod, list).Where(status => status.Object("state", "terminated") is not null).Select(status => new Ended(
            status.Text("name") ?? "",
            status.Integer("state", "terminated", "exitCode") ?? 0,
            status.Text("state", "terminated", "reason") ?? "",
            status.Text("state", "terminated", "message") ?? ""));

    private sealed record Ended(string Name, long ExitCode, string Reason, string Message)
    {
        public bool IsOutOfMemory => Reason == "OOMKilled";
    }
}
