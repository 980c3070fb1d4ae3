using System.Text.Json.Nodes;
using Hikigane.Pipelines.Pods;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>Entries of <c>status.steps</c> before there is a container, and after there is none any more.</summary>
internal static class StepStates
{
    /// <summary>One entry per step with the source of its StepAction. As tektoncd/pipeline updateTaskRunProvenance.</summary>
    public static void Begin(JsonObject status, JsonObject taskSpec, IReadOnlyDictionary<int, JsonObject> sources)
    {
        foreach (var (step, index) in taskSpec.Objects("steps").Select((step, i) => (step, i)))
        {
            var name = PodParts.StepName(step.Text("name"), index)["step-".Length..];
            var state = status.Objects("steps").FirstOrDefault(one => one.Text("name") == name);
            if (state is null)
            {
                state = new JsonObject { ["name"] = name, ["provenance"] = new JsonObject() };
                PodParts.List(status, "steps").Add(state);
            }

            state["provenance"] ??= new JsonObject();
            if (sources.TryGetValue(index, out var source))
            {
                state.Ensure("provenance")["refSource"] = source.DeepClone();
            }
        }
    }

    /// <summary>Steps that had not ended ended with the run.</summary>
    public static void Terminate(JsonObject run, string reason, string podName)
    {
        foreach (var step in run.Objects("status", "steps"))
        {
            var started = step.Object("running") is not null ? step.Text("running", "startedAt") : run.Text("metadata", "creationTimestamp");
            if (step.Object("running") is null && step.Object("waiting") is null)
            {
                continue;
            }

            step.Remove("running");
            step.Remove("waiting");
            step["terminated"] = new JsonObject
            {
                ["exitCode"] = 1,
                ["reason"] = reason,
                ["message"] = $"Step {step.Text("name")} terminated as pod {podName} is terminated",
                ["startedAt"] = started,
                ["finishedAt"] = run.Text("status", "completionTime"),
            };
            step["terminationReason"] = reason;
        }
    }

    /// <summary>A sidecar's status after it was stopped: its own end, not that of the image that replaced it.</summary>
    public static JsonObject Stopped(JsonObject container)
    {
        var shown = container.Copy();
        if (container.Object("lastState", "terminated") is { } last)
        {
            var ended = last.Copy();
            ended["reason"] = "Completed";
            ended["message"] = "Sidecar container successfully stopped by nop image";
            shown["state"] = new JsonObject { ["terminated"] = ended };
        }

        return shown;
    }
}
