using System.Text.Json.Nodes;
using Hikigane.Pipelines.Resolutions;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Pipelines and Tasks that a resolver brings: asked for once by a ResolutionRequest, and waited for. As tektoncd/pipeline pkg/remote/resolution.</summary>
internal static class RemoteReferences
{
    /// <summary>The Pipeline of a run; null while it is awaited, or when it cannot be had, which the draft then says.</summary>
    public static JsonObject? Pipeline(RunDraft draft, JsonObject reference)
    {
        var run = draft.Run;
        var (manifest, error, request) = Ask(draft, reference);
        if (error is not null)
        {
            var cause = $"resolver failed to get Pipeline {reference.Text("name")}: {error}";
            draft.Refuse("CouldntGetPipeline", $"Error retrieving pipeline for pipelinerun {run.Key()}: {cause}", cause: cause);
            return null;
        }

        if (manifest is null)
        {
            Await(draft, "ResolvingPipelineRef");
            return null;
        }

        var reviewed = PipelinesAdmission.Review("CREATE", manifest.Copy(), null, draft.World.Config);
        if (reviewed.Object is null)
        {
            var cause = $"failed to read runtime object as Pipeline: validation failed for referenced object {manifest.Name()}: "
                + $"admission webhook \"validation.webhook.pipeline.tekton.dev\" denied the request: {reviewed.Error}";
            draft.Refuse("PipelineValidationFailed", $"Failed dryRunValidation for PipelineRun {run.Name()}: {cause}", isUserError: true, cause);
            return null;
        }

        if (request?["status"].At("refSource") is { } source)
        {
            draft.Status.Ensure("provenance")["refSource"] = source.DeepClone();
        }

        return Stored(reviewed.Object);
    }

    /// <summary>The specification of a Task; null as for a Pipeline.</summary>
    public static JsonObject? Task(RunDraft draft, JsonObject reference, string pipeline)
    {
        var (manifest, error, _) = Ask(draft, reference);
        if (error is not null)
        {
            var cause = $"Couldn't retrieve Task \"resolver type {reference.Text("resolver")}\\n{reference.Text("name")}\": {error}";
            draft.Refuse("CouldntGetTask", $"Pipeline {draft.Run.Namespace()}/{pipeline} can't be Run; it contains Tasks that don't exist: {cause}", cause: cause);
            return null;
        }

        if (manifest is null)
        {
            Await(draft, "ResolvingTaskRef");
            return null;
        }

        return Stored(manifest).Object("spec") ?? [];
    }

    private static (JsonObject? Manifest, string? Error, JsonObject? Request) Ask(RunDraft draft, JsonObject reference)
    {
        var request = RemoteRequests.Build(draft.Run, "PipelineRun", reference.Text("resolver") ?? "", reference.Objects("params"), reference.Text("name"));
        if (draft.World.Resolutions.FirstOrDefault(one => one.Name() == request.Name()) is not { } answered)
        {
            draft.Changes.Add(new Change.Create(Kinds.ResolutionRequest, request));
            return (null, null, null);
        }

        var (manifest, error) = RemoteRequests.Read(answered);
        return (manifest, error, answered);
    }

    private static void Await(RunDraft draft, string reason)
    {
        draft.Conclude("Unknown", reason, $"PipelineRun {draft.Run.Key()} awaiting remote resource");
        draft.WakeAt = RunClock.Of(draft.Run, draft.Status, draft.Now).WakeAt;
    }

    private static JsonObject Stored(JsonObject manifest) =>
        manifest.Text("apiVersion") == "tekton.dev/v1beta1" ? PipelinesConversion.Convert(manifest, "v1") : manifest;
}
