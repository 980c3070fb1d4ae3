using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Ends children before their time: the run was cancelled, or a time-out has passed. As tektoncd/pipeline cancel.go and timeout.go.</summary>
internal static class Cancellation
{
    private const string Cancelled = "cancelled as the PipelineRun it belongs to has been cancelled.";
    public const string TimedOut = "cancelled as the PipelineRun it belongs to has timed out.";

    /// <summary>Cancels every child and the run.</summary>
    public static Plan Cancel(RunDraft draft)
    {
        var foreign = draft.World.Children.Where(child => child.Text("kind") == "PipelineRun").ToList();
        if (foreign.Count > 0)
        {
            var names = string.Join(' ', foreign.Select(child => $"{child.Name()}:PipelineRun"));
            draft.Conclude("Unknown", "PipelineRunCouldntCancel", $"PipelineRun \"{draft.Run.Name()}\" was cancelled but had errors trying to cancel TaskRuns and/or Runs: found child objects of unknown kinds: map[{names}]");
            draft.Blame($"error(s) from cancelling TaskRun(s) from PipelineRun {draft.Run.Name()}: found child objects of unknown kinds: map[{names}]");
            return draft.ToPlan();
        }

        Stop(draft, draft.World.Children, Cancelled);
        draft.Conclude("False", "Cancelled", $"PipelineRun \"{draft.Run.Name()}\" was cancelled");
        return draft.ToPlan();
    }

    /// <summary>Stops what a time-out or a graceful cancellation reaches.</summary>
    public static void Limit(RunDraft draft, Facts facts)
    {
        var clock = facts.Clock;
        if (clock.HasTimedOut)
        {
            Stop(draft, draft.World.Children, TimedOut);
            return;
        }

        if (facts.IsGracefullyCancelled)
        {
            Stop(draft, facts.States.Where(state => !state.IsFinal).SelectMany(state => state.Runs), Cancelled);
        }

        if (clock.HaveTasksTimedOut)
        {
            Stop(draft, facts.States.Where(state => !state.IsFinal).SelectMany(state => state.Runs), TimedOut);
        }

        if (clock.HasFinallyTimedOut)
        {
            Stop(draft, facts.States.Where(state => state.IsFinal).SelectMany(state => state.Runs), TimedOut);
        }
    }

    private static void Stop(RunDraft draft, IEnumerable<JsonObject> runs, string why)
    {
        foreach (var run in runs.Where(run => !TaskState.IsOver(run) && run.Text("spec", "status") is null))
        {
            var isTask = run.Text("kind") == "TaskRun";
            var spec = new JsonObject { ["status"] = isTask ? "TaskRunCancelled" : "RunCancelled", ["statusMessage"] = $"{run.Text("kind")} {why}" };
            draft.Changes.Add(new Change.Patch(isTask ? Kinds.TaskRun : Kinds.CustomRun, run.Key(), new JsonObject { ["spec"] = spec }));
        }
    }
}
