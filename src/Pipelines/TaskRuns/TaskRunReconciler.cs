using System.Text.Json.Nodes;
using Hikigane.Pipelines.Configuration;
using Hikigane.Pipelines.Pods;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>
/// TaskRun + world + time → plan. Reads as the flow: start, stop when done, cancel, time out, find the Task, check it, make the pod, follow it.
/// As tektoncd/pipeline pkg/reconciler/taskrun/taskrun.go.
/// </summary>
public sealed partial class TaskRunReconciler
{
    /// <summary>Reason of an event about an error, as knative's controllers record it.</summary>
    private const string InternalError = "InternalError";

    private static readonly TimeSpan ResolutionPause = TimeSpan.FromSeconds(1);

    private readonly TaskRunWorld world;
    private readonly PipelinesConfig config;
    private readonly DateTimeOffset now;
    private readonly JsonObject run;
    private readonly JsonObject status;
    private readonly List<Change> changes = [];
    private readonly List<ObjectEvent> events = [];
    private JsonObject? before;
    private DateTimeOffset? wakeAt;

    private TaskRunReconciler(TaskRunWorld world, DateTimeOffset now)
    {
        this.world = world;
        this.now = now;
        config = world.Config;
        run = world.Run.Copy();
        run["apiVersion"] ??= "tekton.dev/v1";
        run["kind"] ??= "TaskRun";
        status = run.Ensure("status");
        before = Conditions.Succeeded(status)?.Copy();
    }

    public static Plan Reconcile(TaskRunWorld world, DateTimeOffset now)
    {
        if (world.Run.IsBeingDeleted() || world.Run.Text("spec", "managedBy") is { Length: > 0 } other and not "tekton.dev/pipeline")
        {
            return Plan.Nothing;
        }

        var reconciler = new TaskRunReconciler(world, now);
        var reason = reconciler.Decide();
        return new Plan
        {
            Status = reconciler.status,
            Changes = [.. reconciler.changes, .. reconciler.MetadataChange()],
            Events = reconciler.events,
            WakeAt = reconciler.wakeAt,
            Reason = reason,
        };
    }

    private bool IsPending => run.Text("spec", "status") == "TaskRunPending";

    private bool IsCancelled => run.Text("spec", "status") == "TaskRunCancelled";

    private TimeSpan Timeout => run.Text("spec", "timeout") is { } text ? GoDuration.Parse(text) ?? config.Timeout : config.Timeout;

    private DateTimeOffset? Deadline => Timeout > TimeSpan.Zero && Conditions.ReadTime(status.Text("startTime")) is { } start ? start + Timeout : null;

    private JsonObject? CurrentPod => status.Text("podName") is { Length: > 0 } name
        ? world.Pods.FirstOrDefault(pod => pod.Name() == name)
        : world.Pods.LastOrDefault(pod => pod.ControllerOwner().Text("uid") == run.Uid() && !PodFailure.HasFailed(pod) && !IsArchived(pod));

    private bool IsArchived(JsonObject pod) => status.Objects("retriesStatus").Any(one => one.Text("podName") == pod.Name());

    private string Decide()
    {
        status["podName"] ??= "";
        if (!Conditions.IsDone(status))
        {
            run.Ensure("metadata", "annotations")["pipeline.tekton.dev/release"] = PodInputRelease;
        }

        Start();
        if (Conditions.IsDone(status))
        {
            StopSidecars();
            EmitChange();
            return "the run has ended";
        }

        if (IsCancelled)
        {
            return Fail("TaskRunCancelled", WithPrevious($"TaskRun \"{run.Name()}\" was cancelled. {run.Text("spec", "statusMessage")}"));
        }

        if (IsPending)
        {
            Conditions.SetSucceeded(status, "Unknown", "TaskRunPending", $"TaskRun \"{run.Name()}\" is pending", now);
            EmitChange();
            return "the run is to wait";
        }

        if (Deadline is { } deadline && now >= deadline)
        {
            return TimeOut();
        }

        if (WaitingFailure.Find(run, CurrentPod, config, now) is { } waiting)
        {
            return Fail(waiting.Reason, waiting.Message);
        }

        return Prepare() is { } prepared ? FollowPod(prepared) : "there is no Task to run yet";
    }

    /// <summary>The first look at a run, or at its next attempt, is its start.</summary>
    private void Start()
    {
        if (status["startTime"] is not null || IsPending)
        {
            return;
        }

        var created = Conditions.ReadTime(run.Text("metadata", "creationTimestamp"));
        status["startTime"] = Conditions.Time(created > now ? created.Value : now);
        var present = Conditions.Succeeded(status);
        if (!Conditions.IsDone(status))
        {
            Conditions.SetSucceeded(status, "Unknown", "Started", present.Text("message") ?? "", now);
            events.Add(new ObjectEvent("Normal", "Started", ""));
        }
    }

    private string TimeOut()
    {
        if (CurrentPod is { } pod && status.Object("taskSpec") is { } taskSpec)
        {
            // Steps only: the run ends whatever else the pod says.
            var probe = run.Copy();
            PodReader.Read(probe, pod, taskSpec, config, world.SidecarLog, now);
            if (probe.At("status", "steps") is { } steps)
            {
                status["steps"] = steps.DeepClone();
            }
        }

        return Fail("TaskRunTimeout", WithPrevious($"TaskRun \"{run.Name()}\" failed to finish within \"{GoDuration.Format(Timeout)}\""));
    }

    /// <summary>Adds what the run was waiting for, where that says more than that it was running.</summary>
    private string WithPrevious(string message) =>
        before.Text("reason") is { } reason and not ("Started" or "Running" or "TaskRunPending") && before.Text("message") is { Length: > 0 } previous
            ? $"{message}\nPrevious status: [{reason}] {previous}" : message;

    /// <summary>Ends the run, its steps and its pod.</summary>
    private string Fail(string reason, string message)
    {
        MarkFailed(reason, message);
        if (status.Text("podName") is { Length: > 0 } podName)
        {
            StepStates.Terminate(run, reason, podName);
            var key = new ObjectKey(run.Namespace(), podName);
            changes.Add(reason is "TaskRunCancelled" or "TaskRunTimeout" && config.KeepPodOnCancel
                ? Annotate(key, "tekton.dev/cancel", "CANCEL")
                : new Change.Delete(Kinds.Pod, key));
        }

        EmitChange();
        return message;
    }

    private void MarkFailed(string reason, string message)
    {
        Conditions.SetSucceeded(status, "False", reason, message, now);
        status["completionTime"] = Conditions.Time(now);
    }

    private static Change.Patch Annotate(ObjectKey pod, string name, string value) => new(Kinds.Pod, pod, new JsonObject
    {
        ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [name] = value } },
    });

    /// <summary>
    /// Records the change of the condition. A failure with retries left is put aside first, so that what is seen is the retry.
    /// </summary>
    private void EmitChange(bool fromNothing = false)
    {
        var after = Conditions.Succeeded(status);
        if (after.Text("status") == "False" && !IsCancelled && status.Items("retriesStatus").Count() < (run.Integer("spec", "retries") ?? 0) && !WasDone)
        {
            Retry(after.Text("message") ?? "");
            after = Conditions.Succeeded(status);
        }

        var previous = fromNothing ? null : before;
        if (after is null || JsonNode.DeepEquals(previous, after) || JsonNode.DeepEquals(Conditions.Succeeded(world.Run.Object("status")), after))
        {
            return;
        }

        events.Add(after.Text("status") switch
        {
            "True" => new ObjectEvent("Normal", "Succeeded", after.Text("message") ?? ""),
            "False" => new ObjectEvent("Warning", "Failed", after.Text("message") ?? ""),
            _ when previous is null => new ObjectEvent("Normal", "Started", ""),
            _ => new ObjectEvent("Normal", after.Text("reason") ?? "", after.Text("message") ?? ""),
        });
    }

    private bool WasDone => Conditions.IsDone(world.Run.Object("status"));

    private void Retry(string message)
    {
        var attempt = status.Copy();
        attempt.Remove("retriesStatus");
        PodParts.List(status, "retriesStatus").Add(attempt);
        foreach (var field in new[] { "startTime", "completionTime", "results" })
        {
            status.Remove(field);
        }

        status["podName"] = "";
        Conditions.SetSucceeded(status, "Unknown", "ToBeRetried", message, now);
        wakeAt = now;
    }

    /// <summary>An error as knative's controllers record it: without the mark that says whose error it is.</summary>
    private void EmitError(string message) => events.Add(new ObjectEvent("Warning", InternalError, message.Replace("[User error] ", "", StringComparison.Ordinal)));

    /// <summary>Labels and annotations that the run got here.</summary>
    private IEnumerable<Change> MetadataChange()
    {
        var patch = new JsonObject();
        foreach (var field in new[] { "labels", "annotations" })
        {
            foreach (var (key, value) in run.Object("metadata", field) ?? [])
            {
                if (!JsonNode.DeepEquals(value, world.Run.At("metadata", field, key)))
                {
                    patch.Ensure("metadata", field)[key] = value?.DeepClone();
                }
            }
        }

        return patch.Count > 0 ? [new Change.Patch(Kinds.TaskRun, run.Key(), patch)] : [];
    }
}
