using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Finds the Pipeline of a run, checks it against the run, and fills in params, context and workspaces.</summary>
internal static class PipelineResolver
{
    /// <summary>The pipeline with its variables replaced, as it goes into the status; null when the run cannot go on, which the draft then says.</summary>
    public static JsonObject? Resolve(RunDraft draft)
    {
        if (draft.Status.Object("pipelineSpec") is { } known)
        {
            return known;
        }

        var run = draft.Run;
        var name = PipelineRunReconciler.NameOfPipeline(run);
        var spec = run.Object("spec", "pipelineSpec");
        if (spec is null && run.Object("spec", "pipelineRef") is { } remote && remote.Text("resolver") is { Length: > 0 })
        {
            if (RemoteReferences.Pipeline(draft, remote) is not { } brought)
            {
                return null;
            }

            spec = brought.Object("spec") ?? [];
            CopyMetadata(draft, brought);
            draft.Relabel("tekton.dev/pipeline", brought.Name());
            name = brought.Name();
        }
        else if (spec is null)
        {
            var reference = run.Text("spec", "pipelineRef", "name") ?? "";
            if (draft.World.FindPipeline(reference) is not { } pipeline)
            {
                draft.Refuse("CouldntGetPipeline", $"Error retrieving pipeline for pipelinerun {run.Key()}: error when getting Pipeline for PipelineRun {run.Name()}: tekton client cannot get pipeline {reference} from local cluster: pipelines.tekton.dev \"{reference}\" not found");
                return null;
            }

            spec = pipeline.Object("spec") ?? [];
            CopyMetadata(draft, pipeline);
        }

        if (draft.World.Config.IsOn("enable-provenance-in-status", byDefault: true))
        {
            draft.Status.Ensure("provenance")["featureFlags"] = FeatureFlagsStatus.Of(draft.World.Config);
        }

        draft.Status["pipelineSpec"] = spec.DeepClone();
        if (PipelineChecks.Failure(run, spec, name, draft.World.Config) is { } failure)
        {
            draft.Refuse(failure.Reason, failure.Message, isUserError: true);
            return null;
        }

        var applied = PipelineVariables.Apply(PipelineVariables.Apply(spec, PipelineVariables.ForParams(run, spec)), PipelineVariables.ForRun(run, spec, name));
        draft.Status["pipelineSpec"] = applied;
        if (applied.Objects("tasks").Concat(applied.Objects("finally")).FirstOrDefault(task => task.Text("onError") is { } value && value is not ("continue" or "stopAndFail")) is { } bad)
        {
            draft.Refuse("PipelineValidationFailed", $"Pipeline {run.Namespace()}/{name} can't be Run; it has an invalid spec: invalid value: {bad.Text("onError")}: OnError\nPipelineTask OnError must be either \"continue\" or \"stopAndFail\"", isUserError: true);
            return null;
        }

        return applied;
    }

    private static void CopyMetadata(RunDraft draft, JsonObject pipeline)
    {
        foreach (var (key, value) in pipeline.Object("metadata", "labels") ?? [])
        {
            draft.Label(key, value?.ToString());
        }

        foreach (var (key, value) in pipeline.Object("metadata", "annotations") ?? [])
        {
            if (key != "kubectl.kubernetes.io/last-applied-configuration")
            {
                draft.Annotate(key, value?.ToString());
            }
        }
    }
}
