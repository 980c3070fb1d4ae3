using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>What is wrong with a StepAction, a CustomRun or a ResolutionRequest. As their <c>*_validation.go</c> upstream.</summary>
internal static class OtherValidation
{
    private static readonly string[] CustomFields = ["apiVersion", "kind"];

    public static void StepAction(JsonObject spec, PipelinesConfig config, FieldErrors errors)
    {
        if (spec.Text("image") is null or "")
        {
            errors.Missing("spec.Image");
        }

        var script = spec.Text("script") ?? "";
        if (script.Length > 0 && spec.Items("command").Any())
        {
            errors.Add("script cannot be used with command", "", "spec.script");
        }

        if (script.Contains("$(params", StringComparison.Ordinal))
        {
            errors.Add("param substitution in scripts is not allowed.", "", "spec.script");
        }

        ParamChecks.Declared(spec, ["spec"], config, errors);
        foreach (var (index, mount) in spec.Objects("volumeMounts").Index())
        {
            var name = mount.Text("name") ?? "";
            if (!name.StartsWith("$(params.", StringComparison.Ordinal) || name.IndexOf(')', StringComparison.Ordinal) != name.Length - 1)
            {
                errors.Invalid(name, $"spec.volumeMounts[{index}].name", "expect the Name to be a single param reference");
            }
        }
    }

    public static void CustomRun(JsonObject spec, FieldErrors errors)
    {
        var (reference, inline) = (spec.Object("customRef"), spec.Object("customSpec"));
        if (reference is null && inline is null)
        {
            errors.Neither("spec.customRef", "spec.customSpec");
        }
        else if (reference is not null && inline is not null)
        {
            errors.Both("spec.customRef", "spec.customSpec");
        }
        else
        {
            var (holder, path) = reference is null ? (inline!, "spec.customSpec") : (reference, "spec.customRef");
            foreach (var field in CustomFields.Where(field => holder.Text(field) is null or ""))
            {
                errors.Missing($"{path}.{field}");
            }
        }

        if (spec.Text("statusMessage") is { Length: > 0 } message && spec.Text("status") is null or "")
        {
            errors.Invalid($"statusMessage should not be set if status is not set, but it is currently set to {spec.Text("statusMessage")}", "statusMessage");
        }

        ParamChecks.Given(spec, "spec.params", errors);
        Checks.Bindings(spec, "spec", errors);
    }

    public static void ResolutionRequest(JsonObject manifest, FieldErrors errors)
    {
        if (manifest.Label("resolution.tekton.dev/type") is null or "")
        {
            errors.Missing("meta.labels.resolution.tekton.dev/type");
        }
    }
}
