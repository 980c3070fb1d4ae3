using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Pods;

/// <summary>Whether a step writes artifacts, judged by the path that its text names. As tektoncd/pipeline pkg/pod artifactPathReferencedInStep.</summary>
internal static class Artifacts
{
    public static bool AreReferencedIn(JsonObject step)
    {
        var path = $"/tekton/steps/step-{step.Text("name")}/artifacts/provenance.json";
        return Texts(step).Any(text => text.Contains(path, StringComparison.Ordinal) || text.Contains("$(step.artifacts.path)", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Texts(JsonObject step) =>
        [step.Text("script") ?? "", .. PodParts.TextsOf(step["args"]), .. PodParts.TextsOf(step["command"]),
            .. step.Objects("env").Select(variable => variable.Text("value") ?? "")];
}
