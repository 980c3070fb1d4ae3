using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines.Validation;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines;

/// <summary>What admission says: the object as it is stored, or why it is refused.</summary>
public sealed record Admitted(JsonObject? Object, string? Error = null);

/// <summary>
/// Admission of the Pipelines kinds: shape, then defaults, then validation. One entry for the embedded API server and the webhook alike.
/// As tektoncd/pipeline cmd/webhook.
/// </summary>
public static class PipelinesAdmission
{
    private static readonly string[] Kinds =
        ["Task", "TaskRun", "Pipeline", "PipelineRun", "CustomRun", "StepAction", "VerificationPolicy", "ResolutionRequest"];

    /// <summary>Whether a kind of a group is ours.</summary>
    public static bool Knows(string group, string kind) => (group is "tekton.dev" or "resolution.tekton.dev") && Kinds.Contains(kind);

    /// <summary>The object with its defaults, or the reason it cannot be read.</summary>
    public static Admitted Admit(JsonObject manifest, PipelinesConfig config)
    {
        var version = manifest.Text("apiVersion");
        var shapes = version == "tekton.dev/v1beta1" ? Shapes.V1Beta1 : Shapes.V1;
        if (manifest.Text("kind") is not { } kind || !shapes.ContainsKey(kind))
        {
            return new Admitted(null, $"no kind \"{manifest.Text("kind")}\" is registered for version \"{version}\"");
        }

        var reader = new ShapedJson(shapes, version![(version!.IndexOf('/', StringComparison.Ordinal) + 1)..]);
        var shaped = reader.Read(manifest, kind);
        if (reader.Errors.Count > 0)
        {
            return new Admitted(null, $"mutation failed: cannot decode incoming new object: {reader.Errors[0]}");
        }

        if (ValuelessParam(manifest))
        {
            return new Admitted(
                null, "mutation failed: cannot create patch for round tripped newBytes: cannot marshal interface: "
                + $"json: error calling MarshalJSON for type {(version == "tekton.dev/v1beta1" ? "v1beta1" : "v1")}.ParamValue: impossible ParamValues.Type: \"\"");
        }

        new PipelinesDefaults(config).Apply(shaped);
        return new Admitted(shaped);
    }

    /// <summary>Whether a run is given a param without a value, which upstream's types cannot write back.</summary>
    private static bool ValuelessParam(JsonObject manifest) =>
        manifest.Text("kind") is "TaskRun" or "PipelineRun" or "CustomRun" && manifest.Objects("spec", "params").Any(param => param["value"] is null);

    /// <summary>What the defaulting webhook answers: a run that is created loses what only Tekton Chains may say about it.</summary>
    public static Admitted Default(string operation, JsonObject manifest, PipelinesConfig config)
    {
        var admitted = Admit(manifest, config);
        if (operation == "CREATE" && admitted.Object is { } stored && stored.Text("kind") is "TaskRun" or "PipelineRun"
            && stored.Object("metadata", "annotations") is { } annotations)
        {
            foreach (var key in annotations.Select(pair => pair.Key).Where(key => key.StartsWith("chains.tekton.dev/", StringComparison.Ordinal)).ToList())
            {
                annotations.Remove(key);
            }
        }

        return admitted;
    }

    /// <summary>What the validating webhook answers about an object that has its defaults: why it is refused, or null.</summary>
    public static string? Refusal(string operation, JsonObject manifest, JsonObject? old, PipelinesConfig config) =>
        Errors(operation, manifest, old, config) is { Length: > 0 } errors ? $"validation failed: {errors}" : null;

    /// <summary>
    /// The whole review of a write: the object as it is stored, or why it is refused. <paramref name="old"/> is what an update replaces.
    /// Errors begin with <c>mutation failed: </c> (it cannot be read) or <c>validation failed: </c>.
    /// </summary>
    public static Admitted Review(string operation, JsonObject manifest, JsonObject? old, PipelinesConfig config)
    {
        var admitted = Default(operation, manifest, config);
        return admitted.Object is { } stored && Refusal(operation, stored, old, config) is { } refusal ? new Admitted(null, refusal) : admitted;
    }

    /// <summary>What is wrong with an object that has its defaults; empty when nothing is.</summary>
    public static string Errors(string operation, JsonObject manifest, JsonObject? old, PipelinesConfig config)
    {
        if (manifest.IsBeingDeleted())
        {
            return "";
        }

        var errors = new FieldErrors();
        if (manifest.Name().Length > 63)
        {
            errors.Add("Invalid resource name: length must be no more than 63 characters", "", "metadata.name");
        }

        if (operation == "UPDATE" && old is not null)
        {
            UpdateRules.Check(manifest, old, Admit(old, config).Object ?? old, errors);
            if (!errors.IsEmpty)
            {
                return errors.ToString();
            }
        }

        Spec(manifest, config, errors);
        return errors.ToString();
    }

    private static void Spec(JsonObject manifest, PipelinesConfig config, FieldErrors errors)
    {
        var spec = manifest.Object("spec") ?? [];
        var isBeta = manifest.Text("apiVersion") == "tekton.dev/v1beta1";
        switch (manifest.Text("kind"))
        {
            case "Task":
                new TaskValidation(config, errors).Validate(spec, "spec", "spec", new VariableRules(false, isBeta));
                break;
            case "Pipeline":
                new PipelineValidation(config, errors).Validate(spec, "spec", isInline: false, isBeta);
                break;
            case "TaskRun":
                new RunValidation(config, errors).TaskRun(spec, isBeta);
                break;
            case "PipelineRun":
                new RunValidation(config, errors).PipelineRun(spec, isBeta);
                break;
            case "StepAction":
                OtherValidation.StepAction(spec, config, errors);
                break;
            case "CustomRun":
                OtherValidation.CustomRun(spec, errors);
                break;
            case "VerificationPolicy":
                OtherValidation.VerificationPolicy(spec, errors);
                break;
            case "ResolutionRequest":
                OtherValidation.ResolutionRequest(manifest, errors);
                break;
        }
    }
}
