using System.Text.Json.Nodes;
using Hikigane.Pipelines.Configuration;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>A container that waits for something that will not come. As tektoncd/pipeline checkPodFailed.</summary>
internal static class WaitingFailure
{
    private static readonly string[] Fatal = ["ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError"];

    public static (string Reason, string Message)? Find(JsonObject run, JsonObject? pod, PipelinesConfig config, DateTimeOffset now)
    {
        var containers = run.Objects("status", "steps").Select(step => ("step", step)).Concat(run.Objects("status", "sidecars").Select(sidecar => ("sidecar", sidecar)));
        foreach (var (kind, container) in containers)
        {
            var reason = container.Text("waiting", "reason") ?? "";
            if (Fatal.Contains(reason) && !IsInGrace(reason, container.Text("waiting", "message") ?? "", pod, config, now))
            {
                return Explain(run, kind, container, reason);
            }
        }

        return null;
    }

    private static (string Reason, string Message) Explain(JsonObject run, string kind, JsonObject container, string reason)
    {
        var told = $"The pod errored with the message: \"{container.Text("waiting", "message")}.\"";
        var subject = $"the {kind} \"{container.Text("name")}\" in TaskRun \"{run.Name()}\"";
        return reason switch
        {
            "ImagePullBackOff" or "InvalidImageName" => ("TaskRunImagePullFailed", $"{subject} failed to pull the image \"{container.Text("imageID")}\". {told}"),
            "CreateContainerConfigError" => ("CreateContainerConfigError", $"{subject} failed to start. {told}"),
            _ => ("PodCreationFailed", $"{subject} failed to start. {told}"),
        };
    }

    /// <summary>Configured patience with registries and container runtimes, counted from when the pod could start containers.</summary>
    private static bool IsInGrace(string reason, string message, JsonObject? pod, PipelinesConfig config, DateTimeOffset now)
    {
        var grace = reason switch
        {
            "ImagePullBackOff" => config.ImagePullBackOffTimeout,
            "CreateContainerConfigError" or "CreateContainerError" when message.Contains("context deadline exceeded", StringComparison.Ordinal) =>
                config.CreateContainerErrorTimeout,
            _ => TimeSpan.Zero,
        };
        return grace > TimeSpan.Zero && pod is not null && pod.Objects("status", "conditions")
            .Where(condition => condition.Text("type") is "Initialized" or "PodReadyToStartContainers")
            .Any(condition => Conditions.ReadTime(condition.Text("lastTransitionTime")) is { } since && now - since < grace);
    }
}
