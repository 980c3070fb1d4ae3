using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>What may change about a run that exists. As ValidateUpdate of tektoncd/pipeline's TaskRunSpec and PipelineRunSpec.</summary>
internal static class UpdateRules
{
    public static void Check(JsonObject manifest, JsonObject old, JsonObject oldDefaulted, FieldErrors errors)
    {
        if (manifest.Text("kind") is not ("TaskRun" or "PipelineRun") || manifest.Object("spec") is not { } spec)
        {
            return;
        }

        var kind = manifest.Text("kind")!;
        var before = oldDefaulted.Object("spec") ?? [];
        if (JsonNode.DeepEquals(spec, before) || JsonNode.DeepEquals(spec, old.Object("spec")))
        {
            return;
        }

        if (old.Condition("Succeeded").Text("status") is "True" or "False")
        {
            errors.Invalid($"Once the {kind} is complete, no updates are allowed", "spec");
            return;
        }

        if (spec.Text("managedBy") != before.Text("managedBy"))
        {
            errors.Invalid("managedBy is immutable", "spec.spec.managedBy");
            return;
        }

        var isTask = kind == "TaskRun";
        if (!JsonNode.DeepEquals(Rest(spec, isTask), Rest(before, isTask)))
        {
            errors.Invalid($"Once the {kind} has started, only {(isTask ? "status and statusMessage" : "status")} updates are allowed", "spec");
        }

        if (spec.Text("status") == $"{kind}Pending" && old.Condition("Succeeded") is not null)
        {
            errors.Invalid($"{kind} cannot be Pending after it is started", "spec.status");
        }
    }

    private static JsonObject Rest(JsonObject spec, bool isTask)
    {
        var rest = spec.Copy();
        rest.Remove("status");
        if (isTask)
        {
            rest.Remove("statusMessage");
        }

        return rest;
    }
}
