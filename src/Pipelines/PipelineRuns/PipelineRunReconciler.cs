using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>
/// Decides what a PipelineRun does next. Reads from top to bottom as the way of a run: start, cancel, resolve, check, replace variables,
/// decide each task, start what may start, sum up. As tektoncd/pipeline pkg/reconciler/pipelinerun/pipelinerun.go.
/// </summary>
public static class PipelineRunReconciler
{
    public static Plan Reconcile(PipelineRunWorld world, DateTimeOffset now)
    {
        var run = world.Run;
        if (run.Text("spec", "managedBy") is { } other && other != "tekton.dev/pipeline")
        {
            return Plan.Nothing;
        }

        // 1. A run that is over only cleans up after itself.
        if (run.Condition("Succeeded").Text("status") is "True" or "False")
        {
            return new Plan { Changes = Cleanup.After(world) };
        }

        var draft = new RunDraft(world, now);
        var specStatus = run.Text("spec", "status");

        // 2. Pending: nothing starts, not even the clock.
        if (specStatus == "PipelineRunPending")
        {
            draft.Label("tekton.dev/pipeline", NameOfPipeline(run));
            draft.Announce();
            draft.Conclude("Unknown", "PipelineRunPending", $"PipelineRun \"{run.Name()}\" is pending");
            return draft.ToPlan();
        }

        draft.Start();
        draft.Label("tekton.dev/pipeline", NameOfPipeline(run));
        ChildReferences.Heal(draft);

        // 3. Cancelled outright: the children too, and no finally.
        if (specStatus == "Cancelled")
        {
            return Cancellation.Cancel(draft);
        }

        // 4. Resolve the Pipeline, check it, and fill in what is known from the start.
        return PipelineResolver.Resolve(draft) is not { } pipeline ? draft.ToPlan() : Run(draft, pipeline);
    }

    /// <summary>The name that the label and <c>context.pipeline.name</c> carry: the reference's, else the run's own.</summary>
    internal static string NameOfPipeline(JsonObject run) =>
        run.Text("spec", "pipelineRef", "name") is { Length: > 0 } name ? name
        : run.Text("spec", "pipelineRef", "resolver") is not null && run.Label("tekton.dev/pipeline") is { } brought ? brought
        : run.Text("metadata", "generateName") is { Length: > 0 } generated ? generated.TrimEnd('-') : run.Name();

    private static Plan Run(RunDraft draft, JsonObject pipeline)
    {
        // 5. Bring every task together with its runs.
        if (TaskStates.Of(draft, pipeline) is not { } states)
        {
            return draft.ToPlan();
        }

        var isFirst = draft.World.Children.Count == 0 && draft.World.Run["status"].At("pipelineSpec") is null;
        if (isFirst && ReferenceChecks.Failure(draft, pipeline, states) is { } failure)
        {
            return failure;
        }

        var graph = Graph.Of([.. pipeline.Objects("tasks")]);
        var specStatus = draft.Run.Text("spec", "status");
        var facts = new Facts(states, graph, RunClock.Of(draft.Run, draft.Status, draft.Now), specStatus);

        if (CelWhens.Failure(facts) is { } celError)
        {
            return draft.Fail("CELEvaluationFailed", $"Error evaluating CEL {draft.Run.Name()}: {celError}", isUserError: true);
        }

        // 6. What time or a graceful cancellation ends.
        Cancellation.Limit(draft, facts);

        if (facts.DoneBeforeTheirTime() is { Count: > 0 } early)
        {
            return draft.Delay($"invalid list of done tasks; some tasks were indicated completed without ancestors being done: [{string.Join(' ', early)}]");
        }

        // 7. Claims and affinity assistants, once; then every task that may start.
        RunWorkspaces.Prepare(draft, pipeline);
        if (StartTasks(draft, facts) is { } refused)
        {
            return refused;
        }

        // 8. Sum up.
        facts = new Facts(states, graph, RunClock.Of(draft.Run, draft.Status, draft.Now), specStatus);
        RunConditions.Conclude(draft, pipeline, facts);
        draft.WakeAt = facts.Clock.WakeAt;
        return draft.ToPlan();
    }

    private static Plan? StartTasks(RunDraft draft, Facts facts)
    {
        foreach (var state in facts.Startable())
        {
            var results = facts.Results(state, out var missing);
            _ = results;
            if (missing is not null && facts.Find(missing.Task) is { } producer)
            {
                if (OutOfBound(missing, producer) is { } size)
                {
                    return draft.Fail(
                        "PipelineValidationFailed",
                        $"PipelineRun {draft.Run.Key()} can't be Run; couldn't resolve all references: array Result Index {missing.Index} for Task {missing.Task} Result {missing.Result} is out of bound of size {size}",
                        isUserError: true);
                }

                state.InvalidReference = $"task \"{missing.Task}\" completed successfully but did not emit the result \"{missing.Result}\", which is referenced by task \"{state.Name}\"";
                draft.Trouble("ResultValidationFailed", $"Task \"{state.Name}\" failed result validation: {state.InvalidReference}");
                continue;
            }

            if (facts.AreTasksDone && state.IsFinal)
            {
                draft.Status["finallyStartTime"] ??= RunClock.Text(draft.Now);
            }

            foreach (var child in ChildBuilder.Build(draft, state, facts))
            {
                draft.Changes.Add(new Change.Create(ChildBuilder.TypeOf(state), child));
                state.Runs.Add(child);
                ChildReferences.Add(draft, state, facts, child);
            }
        }

        return null;
    }

    private static int? OutOfBound(ResultReference missing, TaskState producer) =>
        int.TryParse(missing.Index, out var index) && producer.Result(missing.Result) is Variables.ParamValue.List list && index >= list.Values.Count
            ? list.Values.Count : null;
}
