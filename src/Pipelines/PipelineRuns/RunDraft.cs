using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>The plan for one PipelineRun while it is being made. Used by one reconcile, on one thread.</summary>
internal sealed class RunDraft
{
    private readonly string before;
    private readonly JsonObject labels = [];
    private readonly JsonObject annotations = [];
    private readonly List<ObjectEvent> events = [];
    private ObjectEvent? permanentError;

    public RunDraft(PipelineRunWorld world, DateTimeOffset now)
    {
        World = world;
        Now = now;
        Run = world.Run.Copy();
        Status = Run.Ensure("status");
        before = Condition;
    }

    public PipelineRunWorld World { get; }

    public DateTimeOffset Now { get; }

    /// <summary>The run with the labels, annotations and status of the draft.</summary>
    public JsonObject Run { get; }

    public JsonObject Status { get; }

    public List<Change> Changes { get; } = [];

    public DateTimeOffset? WakeAt { get; set; }

    private string Condition => Run.Condition("Succeeded") is { } condition
        ? $"{condition.Text("status")}\n{condition.Text("reason")}\n{condition.Text("message")}" : "";

    public void Start()
    {
        if (Status["startTime"] is null)
        {
            Status["startTime"] = RunClock.Text(Now);
            Announce();
        }
    }

    /// <summary>The first event of a run, pending or not.</summary>
    public void Announce()
    {
        if (before.Length == 0)
        {
            events.Add(new ObjectEvent("Normal", "Started", ""));
        }
    }

    public void Label(string key, string? value) => Set("labels", labels, key, value);

    /// <summary>A label that takes the place of one that is there.</summary>
    public void Relabel(string key, string value)
    {
        Run.Ensure("metadata", "labels")[key] = value;
        labels[key] = value;
    }

    public void Annotate(string key, string? value) => Set("annotations", annotations, key, value);

    /// <summary>Sets the Succeeded condition; an end sets the completion time too.</summary>
    public void Conclude(string status, string reason, string message)
    {
        var condition = new JsonObject { ["type"] = "Succeeded", ["status"] = status, ["reason"] = reason, ["message"] = message };
        if (message.Length == 0)
        {
            condition.Remove("message");
        }

        var others = Status.Objects("conditions").Where(one => one.Text("type") != "Succeeded").Select(one => one.DeepClone());
        var known = Run.Condition("Succeeded");
        var isSame = known is not null && known.Text("status") == status && known.Text("reason") == reason && (known.Text("message") ?? "") == message;
        condition["lastTransitionTime"] = isSame ? known!["lastTransitionTime"]?.DeepClone() : RunClock.Text(Now);
        Status["conditions"] = new JsonArray([condition, .. others]);
        if (status != "Unknown")
        {
            Status["completionTime"] ??= RunClock.Text(Now);
        }
    }

    /// <summary>Ends the run for good: an error that no retry mends. Its cause is an event of its own, as knative's reconcilers record it.</summary>
    /// <param name="cause">The error inside the message; what is behind its first colon where it is not given.</param>
    public void Refuse(string reason, string message, bool isUserError = false, string? cause = null)
    {
        Conclude("False", reason, isUserError ? $"[User error] {message}" : message);
        var colon = message.IndexOf(": ", StringComparison.Ordinal);
        Blame(cause ?? (colon < 0 ? message : message[(colon + 2)..]));
    }

    public Plan Fail(string reason, string message, bool isUserError = false, string? cause = null)
    {
        Refuse(reason, message, isUserError, cause);
        return ToPlan();
    }

    /// <summary>The error that ended the run, as an event behind all others.</summary>
    public void Blame(string cause) => permanentError = new ObjectEvent("Warning", "InternalError", cause);

    /// <summary>A warning on the way.</summary>
    public void Trouble(string reason, string message) => events.Add(new ObjectEvent("Warning", reason, message));

    /// <summary>Nothing is summed up this time: an error that passes by itself, said in an event. What was decided so far happens.</summary>
    public Plan Delay(string error) => new()
    {
        Status = Status,
        Changes = Changes,
        Events = [new ObjectEvent("Warning", "InternalError", error)],
        WakeAt = RunClock.Of(Run, Status, Now).WakeAt,
        Reason = error,
    };

    public Plan ToPlan()
    {
        var changes = new List<Change>();
        if (labels.Count + annotations.Count > 0)
        {
            var metadata = new JsonObject();
            if (labels.Count > 0)
            {
                metadata["labels"] = labels;
            }

            if (annotations.Count > 0)
            {
                metadata["annotations"] = annotations;
            }

            changes.Add(new Change.Patch(Kinds.PipelineRun, Run.Key(), new JsonObject { ["metadata"] = metadata }));
        }

        var condition = Run.Condition("Succeeded");
        if (Condition != before && condition is not null && condition.Text("reason") != "PipelineRunPending")
        {
            var message = condition.Text("message") ?? "";
            events.Add(condition.Text("status") switch
            {
                "True" => new ObjectEvent("Normal", "Succeeded", message),
                "False" => new ObjectEvent("Warning", "Failed", message),
                _ => new ObjectEvent("Normal", condition.Text("reason") ?? "", message),
            });
        }

        if (permanentError is not null)
        {
            events.Add(permanentError);
        }

        return new Plan
        {
            Status = Status,
            Changes = [.. changes, .. Changes],
            Events = events,
            WakeAt = condition.Text("status") == "Unknown" ? WakeAt : null,
            Reason = condition.Text("reason") ?? "",
        };
    }

    private void Set(string map, JsonObject changed, string key, string? value)
    {
        var known = Run.Ensure("metadata", map);
        if (known[key] is null && value is not null)
        {
            known[key] = value;
            changed[key] = value;
        }

        if (known.Count == 0)
        {
            Run.Ensure("metadata").Remove(map);
        }
    }
}
