using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>One pipeline task with the runs it has had so far. As tektoncd/pipeline ResolvedPipelineTask.</summary>
internal sealed class TaskState(JsonObject task, bool isFinal)
{
    public JsonObject Task { get; } = task;

    public string Name { get; } = task.Text("name") ?? "";

    public bool IsFinal { get; } = isFinal;

    /// <summary>The Task that the reference leads to, inline or resolved; null for custom tasks and child pipelines.</summary>
    public JsonObject? Spec { get; init; }

    /// <summary>Runs of this task in the order of their index.</summary>
    public List<JsonObject> Runs { get; } = [];

    /// <summary>Why a result it needs cannot be had although its producer succeeded.</summary>
    public string? InvalidReference { get; set; }

    public bool IsCustom => Task.Text("taskRef", "apiVersion") is { Length: > 0 } && Task.Text("taskRef", "kind") is { Length: > 0 }
        || Task.Text("taskSpec", "apiVersion") is { Length: > 0 };

    public bool IsPipeline => Task["pipelineRef"] is not null || Task["pipelineSpec"] is not null;

    public bool ContinuesOnError => Task.Text("onError") == "continue";

    public bool IsMatrixed => Task.Object("matrix") is { Count: > 0 };

    public bool IsScheduled => Runs.Count > 0;

    public bool IsSuccessful => IsScheduled && Runs.All(run => Status(run) == "True");

    public bool IsCancelled => IsScheduled && Runs.Any(IsCancelledRun) && Runs.All(IsOver);

    /// <summary>Whether a time-out of the run has ended a run of this task.</summary>
    public bool HasRunOutOfTime => Runs.Any(IsOutOfTime);

    public bool IsFailure => IsScheduled && !IsCancelled && Runs.Any(run => Status(run) == "False") && Runs.All(IsOver);

    public bool IsRunning => IsScheduled && !Runs.All(IsOver);

    /// <summary>Whether it ended, in whatever way.</summary>
    public bool IsOverall => IsSuccessful || IsFailure || IsCancelled || InvalidReference is not null;

    /// <summary>The result by name: of the only run, or of all runs of a matrix as an array.</summary>
    public ParamValue? Result(string name)
    {
        if (!IsMatrixed)
        {
            return Runs.Count > 0 && Find(Runs[0], name) is { } found ? found : null;
        }

        var values = Runs.Select(run => Find(run, name)).OfType<ParamValue.Text>().Select(text => text.Value).ToList();
        return values.Count > 0 ? new ParamValue.List(values) : null;
    }

    public static bool IsOver(JsonObject run) => Status(run) switch
    {
        "True" => true,
        "False" => run.Text("kind") != "CustomRun" || IsCancelledRun(run) || run.Items("status", "retriesStatus").Count() >= (run.Integer("spec", "retries") ?? 0),
        _ => false,
    };

    private static bool IsOutOfTime(JsonObject run) => run.Text("spec", "statusMessage")?.EndsWith(Cancellation.TimedOut, StringComparison.Ordinal) == true;

    /// <summary>What a time-out of the run has ended counts as failed.</summary>
    private static bool IsCancelledRun(JsonObject run) => Status(run) == "False" && !IsOutOfTime(run)
        && run.Condition("Succeeded").Text("reason") is "TaskRunCancelled" or "CustomRunCancelled" or "RunCancelled";

    private static string? Status(JsonObject run) => run.Condition("Succeeded").Text("status");

    private static ParamValue? Find(JsonObject run, string name) =>
        run.Objects("status", "results").FirstOrDefault(result => result.Text("name") == name) is { } found ? ParamValue.Read(found["value"]) : null;
}
