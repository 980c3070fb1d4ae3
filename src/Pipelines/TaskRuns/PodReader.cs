using System.Text.Json.Nodes;
using Hikigane.Pipelines.Configuration;
using Hikigane.Pipelines.Pods;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>Pod → status of the TaskRun: condition, steps, results, artifacts, sidecars. As tektoncd/pipeline pkg/pod/status.go MakeTaskRunStatus.</summary>
internal sealed class PodReader
{
    private readonly JsonObject run;
    private readonly JsonObject pod;
    private readonly JsonObject taskSpec;
    private readonly PipelinesConfig config;
    private readonly DateTimeOffset now;
    private readonly JsonObject status;
    private readonly StepResults results;

    private PodReader(JsonObject run, JsonObject pod, JsonObject taskSpec, PipelinesConfig config, DateTimeOffset now)
    {
        (this.run, this.pod, this.taskSpec, this.config, this.now) = (run, pod, taskSpec, config, now);
        status = run.Object("status")!;
        results = new StepResults(run.Object("spec", "taskSpec"), taskSpec);
    }

    /// <summary>Writes into the run's status what its pod says; gives the errors that upstream reports as an event.</summary>
    public static IReadOnlyList<string> Read(JsonObject run, JsonObject pod, JsonObject taskSpec, PipelinesConfig config, string? sidecarLog, DateTimeOffset now)
    {
        var reader = new PodReader(run, pod, taskSpec, config, now);
        reader.SetCondition();
        run.Object("status")!["podName"] = pod.Name();
        return reader.ReadContainers(sidecarLog);
    }

    private void SetCondition()
    {
        // One write of the condition at most: its time must not move while nothing changes.
        if (IsComplete())
        {
            if (!PodFailure.HasFailed(pod))
            {
                Conditions.SetSucceeded(status, "True", "Succeeded", "All Steps have completed executing", now);
            }
            else
            {
                var (reason, message) = PodFailure.Explain(pod);
                var isIgnored = run.Annotation("pipeline.tekton.dev/pipeline-task-on-error") == "continue";
                Conditions.SetSucceeded(status, "False", isIgnored ? "FailureIgnored" : reason, message, now);
            }

            status["completionTime"] = Conditions.Time(now);
        }
        else if (PodWaiting.Explain(pod) is { } waiting)
        {
            Conditions.SetSucceeded(status, waiting.Status, waiting.Reason, waiting.Message, now);
            if (waiting.Status == "False")
            {
                status["completionTime"] = Conditions.Time(now);
            }
        }
        else if (!Conditions.IsDone(status))
        {
            Conditions.SetSucceeded(status, "Unknown", "Running", "Not all Steps in the Task have finished executing", now);
        }
    }

    private bool IsComplete()
    {
        var phase = pod.Text("status", "phase");
        var statuses = pod.Objects("status", "containerStatuses").ToList();
        var stepsEnded = statuses.Count > 0 && phase is "Running" or "Succeeded" && statuses.Where(IsAwaited).All(one => one.Object("state", "terminated") is not null);
        var isOver = phase is "Succeeded" or "Failed"
            || statuses.Any(one => PodParts.IsStep(one.Text("name") ?? "") && one.Text("state", "terminated", "reason") == "OOMKilled");
        return ((statuses.Count > 0 && stepsEnded) || isOver) && (!config.KubernetesSidecar || InitContainersEnded(phase));
    }

    private bool IsAwaited(JsonObject container) =>
        PodParts.IsStep(container.Text("name") ?? "") || (config.ResultsFromSidecarLogs && container.Text("name") == "sidecar-tekton-log-results");

    private bool InitContainersEnded(string? phase)
    {
        var init = pod.Objects("status", "initContainerStatuses").ToList();
        return phase == "Failed"
            || (init.Count > 0 && phase is "Running" or "Succeeded" && init.All(one => one.Object("state", "terminated") is not null));
    }

    private List<string> ReadContainers(string? sidecarLog)
    {
        var errors = new List<string>();
        var provenance = status.Objects("steps").GroupBy(step => step.Text("name") ?? "").ToDictionary(group => group.Key, group => group.Last()["provenance"]);
        var isDone = Conditions.IsDone(status);
        var logged = config.ResultsFromSidecarLogs ? SidecarLog.Read(sidecarLog, config.MaxResultSize, errors) : [];
        if (isDone)
        {
            results.AddTaskResults(logged);
            results.AddTaskArtifacts(logged, errors);
            status["artifacts"] = results.Artifacts;
        }

        var steps = new JsonArray();
        foreach (var container in Ordered().Where(one => PodParts.IsStep(one.Text("name") ?? "")))
        {
            steps.Add((JsonNode?)ReadStep(container, logged, isDone, provenance, errors));
        }

        if (steps.Count > 0)
        {
            status["steps"] = steps;
        }

        PodParts.SetList(status, "sidecars", Sidecars(Ordered().Concat(pod.Objects("status", "initContainerStatuses"))));
        if (isDone)
        {
            PodParts.SetList(status, "results", results.TaskResults(status.Objects("results")));
        }

        return errors;
    }

    /// <summary>Container statuses in the order of the pod's containers.</summary>
    private List<JsonObject> Ordered() => InOrder(pod, "containerStatuses");

    public static List<JsonObject> InOrder(JsonObject pod, string list)
    {
        var order = pod.Objects("spec", "containers").Select(container => container.Text("name")).ToList();
        return [.. pod.Objects("status", list).OrderBy(one => order.IndexOf(one.Text("name")) is var at and >= 0 ? at : int.MaxValue)];
    }

    private JsonObject ReadStep(JsonObject container, IReadOnlyList<RunResult> logged, bool isDone, Dictionary<string, JsonNode?> provenance, List<string> errors)
    {
        var name = container.Text("name") ?? "";
        var step = container.Object("state")?.Copy() ?? [];
        step["name"] = name["step-".Length..];
        step["container"] = name;
        SetText(step, "imageID", container.Text("imageID"));
        var reading = results.ForStep(name, isDone);
        reading.AddLogged(logged, errors);
        if (step.Object("terminated") is { } terminated && terminated.Text("message") is { Length: > 0 } message)
        {
            var parsed = TerminationMessage.Parse(message, out var error);
            if (error is null)
            {
                SetText(step, "terminationReason", reading.AddReported(parsed, terminated, errors));
            }
            else
            {
                errors.Add(error);
            }
        }

        PodParts.SetList(step, "results", reading.Results);
        foreach (var (key, value) in reading.Artifacts.ToList())
        {
            step[key] = value?.DeepClone();
        }

        if (provenance.TryGetValue(step.Text("name")!, out var source) && source is not null)
        {
            step["provenance"] = source.DeepClone();
        }

        return step;
    }

    public static JsonArray Sidecars(IEnumerable<JsonObject> containers)
    {
        var sidecars = new JsonArray();
        foreach (var container in containers.Where(one => PodParts.IsSidecar(one.Text("name") ?? "")))
        {
            var sidecar = container.Object("state")?.Copy() ?? [];
            sidecar["name"] = container.Text("name")!["sidecar-".Length..];
            sidecar["container"] = container.Text("name");
            SetText(sidecar, "imageID", container.Text("imageID"));
            sidecars.Add((JsonNode?)sidecar);
        }

        return sidecars;
    }

    private static void SetText(JsonObject owner, string key, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            owner[key] = text;
        }
    }
}
