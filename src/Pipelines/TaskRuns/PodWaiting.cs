using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>What a pod that has not begun is waiting for. As tektoncd/pipeline pkg/pod/status.go updateIncompleteTaskRunStatus.</summary>
internal static class PodWaiting
{
    private const string SubPathMessage = "failed to create subPath directory";

    private static readonly string[] ImageErrors =
        ["ImagePullBackOff", "ImageInspectError", "ErrImagePull", "ErrImageNeverPull", "RegistryUnavailable", "InvalidImageName"];

    public static bool ExceedsNodeResources(JsonObject pod) => pod.Objects("status", "conditions").Any(condition =>
        condition.Text("reason") == "Unschedulable" && (condition.Text("message") ?? "").Contains("Insufficient", StringComparison.Ordinal));

    /// <summary>Status, reason and message of a run whose pod has not ended; null when nothing can be said.</summary>
    public static (string Status, string Reason, string Message)? Explain(JsonObject pod) => (pod.Text("status", "phase") ?? "Pending") switch
    {
        "Running" => ("Unknown", "Running", "Not all Steps in the Task have finished executing"),
        "Pending" when ExceedsNodeResources(pod) => ("Unknown", "ExceededNodeResources", "TaskRun Pod exceeded available resources"),
        "Pending" when Waiting(pod, "containerStatuses").Any(IsSubPathRace) => ("Unknown", "Pending", "Waiting for subPath directory creation to complete"),
        "Pending" when AllWaiting(pod).Any(one => one.Text("reason") == "CreateContainerConfigError" && !IsSubPathRace(one)) =>
            ("False", "CreateContainerConfigError", "Failed to create pod due to config error"),
        "Pending" when AllWaiting(pod).Any(one => ImageErrors.Contains(one.Text("reason"))) => ("Unknown", "PullImageFailed", Message(pod)),
        "Pending" => ("Unknown", "Pending", Message(pod)),
        _ => null,
    };

    private static string Message(JsonObject pod)
    {
        foreach (var status in pod.Objects("status", "containerStatuses"))
        {
            if (status.Text("state", "waiting", "message") is { Length: > 0 } message)
            {
                return $"build step {GoText.Quote(status.Text("name") ?? "")} is pending with reason {GoText.Quote(message)}";
            }
        }

        if (pod.Objects("status", "conditions").FirstOrDefault(one => one.Text("status") != "True") is { } condition)
        {
            return $"pod status {GoText.Quote(condition.Text("type") ?? "")}:{GoText.Quote(condition.Text("status") ?? "")}; "
                + $"message: {GoText.Quote(condition.Text("message") ?? "")}";
        }

        return pod.Text("status", "message") is { Length: > 0 } own ? own : "Pending";
    }

    private static bool IsSubPathRace(JsonObject waiting) =>
        waiting.Text("reason") == "CreateContainerConfigError" && (waiting.Text("message") ?? "").Contains(SubPathMessage, StringComparison.Ordinal);

    private static IEnumerable<JsonObject> AllWaiting(JsonObject pod) => Waiting(pod, "initContainerStatuses").Concat(Waiting(pod, "containerStatuses"));

    private static IEnumerable<JsonObject> Waiting(JsonObject pod, string list) =>
        pod.Objects("status", list).Select(status => status.Object("state", "waiting")).OfType<JsonObject>();
}
