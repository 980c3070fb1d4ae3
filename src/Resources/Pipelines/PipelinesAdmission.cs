using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

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

        var reader = new ShapedJson(shapes);
        var shaped = reader.Read(manifest, kind);
        if (reader.Errors.Count > 0)
        {
            return new Admitted(null, $"mutation failed: cannot decode incoming new object: {reader.Errors[0]}");
        }

        new PipelinesDefaults(config).Apply(shaped);
        return new Admitted(shaped);
    }
}
