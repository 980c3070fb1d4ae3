using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Brings the tasks of a pipeline together with their specifications and runs.</summary>
internal static class TaskStates
{
    /// <summary>All tasks, then finally; null when one cannot be resolved, which the draft then says.</summary>
    public static IReadOnlyList<TaskState>? Of(RunDraft draft, JsonObject pipeline)
    {
        var states = new List<TaskState>();
        foreach (var (task, isFinal) in pipeline.Objects("tasks").Select(task => (task, false)).Concat(pipeline.Objects("finally").Select(task => (task, true))))
        {
            var runs = RunsOf(draft, task.Text("name") ?? "");
            var probe = new TaskState(task, isFinal);
            if (probe.IsCustom || probe.IsPipeline)
            {
                states.Add(With(probe, runs));
                continue;
            }

            if (Spec(draft, task, runs) is not { } spec)
            {
                return null;
            }

            states.Add(With(new TaskState(task, isFinal) { Spec = spec }, runs));
        }

        return states;
    }

    private static List<JsonObject> RunsOf(RunDraft draft, string task)
    {
        var order = draft.Status.Objects("childReferences").Select(reference => reference.Text("name")).ToList();
        return [.. draft.World.Children.Where(child => child.Label("tekton.dev/pipelineTask") == task).OrderBy(child => order.IndexOf(child.Name()))];
    }

    private static TaskState With(TaskState state, List<JsonObject> runs)
    {
        state.Runs.AddRange(runs);
        return state;
    }

    private static JsonObject? Spec(RunDraft draft, JsonObject task, List<JsonObject> runs)
    {
        if (task.Object("taskSpec") is { } inline)
        {
            return inline;
        }

        if (runs.Count > 0)
        {
            return runs[0].Object("status", "taskSpec") ?? [];
        }

        var name = task.Text("taskRef", "name") ?? "";
        if (task.Text("taskRef", "resolver") is { Length: > 0 })
        {
            // The TaskRun resolves the reference once more, for itself.
            return RemoteReferences.Task(draft, task.Object("taskRef")!, PipelineRunReconciler.NameOfPipeline(draft.Run));
        }

        if (draft.World.FindTask(name) is { } found)
        {
            return found.Object("spec") ?? [];
        }

        draft.Refuse("CouldntGetTask", $"Pipeline {draft.Run.Namespace()}/{PipelineRunReconciler.NameOfPipeline(draft.Run)} can't be Run; it contains Tasks that don't exist: Couldn't retrieve Task \"{name}\": tasks.tekton.dev \"{name}\" not found");
        return null;
    }
}
