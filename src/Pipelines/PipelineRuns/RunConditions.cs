using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Sums up a run: condition, skipped tasks, pipeline results. As tektoncd/pipeline pipelinerunstate.go.</summary>
internal static class RunConditions
{
    private const int LongestErrors = 1024;

    public static void Conclude(RunDraft draft, JsonObject pipeline, Facts facts)
    {
        var counts = Counts.Of(facts);
        var (status, reason, message) = Condition(draft, facts, counts);
        if (status != "Unknown" && reason != "PipelineValidationFailed" && PipelineResults.Of(pipeline, facts, out var invalid) is var results)
        {
            if (results.Count > 0)
            {
                draft.Status["results"] = results;
            }

            if (invalid.Count > 0 && status == "True")
            {
                (status, reason) = ("False", "CouldntGetPipelineResult");
                var cause = $"invalid pipelineresults [{string.Join(' ', invalid)}], the referenced results don't exist";
                message = $"Failed to get PipelineResult from TaskRun Results for PipelineRun {draft.Run.Name()}: {cause}";
                draft.Blame(cause);
            }
        }

        Skipped(draft, facts);
        ChildReferences.Sort(draft, facts.States);
        if (facts.AreTasksDone && facts.States.Any(state => state.IsFinal))
        {
            draft.Status["finallyStartTime"] ??= RunClock.Text(draft.Now);
        }

        draft.Conclude(status, reason, message);
    }

    private static (string Status, string Reason, string Message) Condition(RunDraft draft, Facts facts, Counts counts)
    {
        var name = draft.Run.Name();
        if (facts.Clock.HasTimedOut)
        {
            return ("False", "PipelineRunTimeout", $"PipelineRun \"{name}\" failed to finish within \"{GoDuration.Format(facts.Clock.Pipeline)}\"");
        }

        var completed = counts.Succeeded + counts.Failed + counts.Ignored + counts.Cancelled;
        var failed = counts.Ignored > 0 ? $"Failed: {counts.Failed + counts.Ignored} (Ignored: {counts.Ignored}), Cancelled {counts.Cancelled}" : $"Failed: {counts.Failed}, Cancelled {counts.Cancelled}";
        if (counts.Incomplete > 0)
        {
            var reason = facts.IsGracefullyCancelled ? "CancelledRunningFinally"
                : facts.IsGracefullyStopped ? "StoppedRunningFinally"
                : facts.Clock.HaveTasksTimedOut ? "PipelineRunTimeoutRunningFinally"
                : counts.Cancelled > 0 || (counts.Failed > 0 && facts.AreFinalTasksDone) ? "PipelineRunStopping" : "Running";
            // Failures that are ignored show only at the end, as upstream.
            return ("Unknown", reason, $"Tasks Completed: {completed} (Failed: {counts.Failed}, Cancelled {counts.Cancelled}), Incomplete: {counts.Incomplete}, Skipped: {counts.Skipped}");
        }

        var message = $"Tasks Completed: {completed} ({failed}), Skipped: {counts.Skipped}";
        if (counts.Invalid.Count > 0)
        {
            var errors = string.Join("; ", counts.Invalid);
            return ("False", "PipelineValidationFailed", $"{message}, Failed Validation: {counts.Invalid.Count} ({(errors.Length > LongestErrors ? errors[..LongestErrors] : errors)})");
        }

        if (facts.Clock.HaveTasksTimedOut && (counts.SkippedForTime > 0 || counts.Cancelled > 0 || facts.States.Any(state => !state.IsFinal && state.HasRunOutOfTime)))
        {
            return ("False", "PipelineRunTimeout", $"PipelineRun \"{name}\" failed due to tasks failed to finish within \"{GoDuration.Format(facts.Clock.Tasks!.Value)}\"");
        }

        return counts.Failed > 0 || counts.SkippedForTime > 0 ? ("False", "Failed", message)
            : facts.IsGracefullyCancelled || facts.IsGracefullyStopped ? ("False", "Cancelled", $"PipelineRun \"{name}\" was cancelled")
            : counts.Cancelled > 0 ? ("False", "Cancelled", message)
            : ("True", counts.Skipped > 0 ? "Completed" : "Succeeded", message);
    }

    private static void Skipped(RunDraft draft, Facts facts)
    {
        var skipped = new JsonArray();
        foreach (var state in facts.States)
        {
            if (facts.Skip(state) is not { } reason)
            {
                continue;
            }

            var one = new JsonObject { ["name"] = state.Name, ["reason"] = reason };
            if (reason == SkipReasons.When)
            {
                one["whenExpressions"] = PipelineVariables.Substitute(state.Task["when"], PipelineVariables.ForTask(state, facts));
            }

            skipped.Add((JsonNode)one);
        }

        if (skipped.Count > 0)
        {
            draft.Status["skippedTasks"] = skipped;
        }
        else
        {
            draft.Status.Remove("skippedTasks");
        }
    }
}

/// <summary>How many tasks are in which state.</summary>
internal sealed record Counts(int Succeeded, int Failed, int Ignored, int Cancelled, int Skipped, int SkippedForTime, int Incomplete, IReadOnlyList<string> Invalid)
{
    public static Counts Of(Facts facts)
    {
        var counts = new Counts(0, 0, 0, 0, 0, 0, 0, [.. facts.States.Select(state => state.InvalidReference).OfType<string>()]);
        foreach (var state in facts.States)
        {
            counts = state switch
            {
                { InvalidReference: not null } => counts,
                { IsSuccessful: true } => counts with { Succeeded = counts.Succeeded + 1 },
                { IsCancelled: true } => counts with { Cancelled = counts.Cancelled + 1 },
                { IsFailure: true, ContinuesOnError: true } => counts with { Ignored = counts.Ignored + 1 },
                { IsFailure: true } => counts with { Failed = counts.Failed + 1 },
                _ => facts.Skip(state) switch
                {
                    null => counts with { Incomplete = counts.Incomplete + 1 },
                    SkipReasons.Timeout or SkipReasons.TasksTimeout or SkipReasons.FinallyTimeout =>
                        counts with { Skipped = counts.Skipped + 1, SkippedForTime = counts.SkippedForTime + 1 },
                    _ => counts with { Skipped = counts.Skipped + 1 },
                },
            };
        }

        return counts;
    }
}
