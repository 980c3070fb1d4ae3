using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;

namespace Hikigane.Golden.Pipelines;

/// <summary>Creates the object as the API does (defaults, then the stored version) and reads it back in both versions.</summary>
internal static class ConversionJudge
{
    public static Task<string?> JudgeAsync(JsonObject recorded)
    {
        var given = recorded.Object("input", "object")!;
        var own = given.Text("apiVersion")!;
        var read = recorded.Text("input", "read")!;
        var stored = own.StartsWith("tekton.dev/", StringComparison.Ordinal) ? "tekton.dev/v1" : "resolution.tekton.dev/v1beta1";
        var kept = given.Text("kind") == "StepAction" ? "tekton.dev/v1beta1" : stored;
        var admitted = PipelinesAdmission.Admit(given, RecordedConfig.Read(recorded.Object("input", "config")));
        if (admitted.Object is null)
        {
            return Task.FromResult<string?>(admitted.Error);
        }

        admitted.Object.Remove("status");
        var inStore = PipelinesConversion.Convert(admitted.Object, kept);
        if (recorded.Object("input", "status") is { } status)
        {
            var mine = PipelinesConversion.Convert(inStore, own).Copy();
            mine["status"] = status.DeepClone();
            inStore = PipelinesConversion.Convert(PipelinesAdmission.Admit(mine, PipelinesConfig.Shipped).Object ?? mine, kept);
        }

        var same = PipelinesConversion.Convert(inStore, own);
        if (PipelinesConversion.Problem(inStore, read[(read.IndexOf('/', StringComparison.Ordinal) + 1)..]) is { } problem)
        {
            var refused = new JsonObject { ["code"] = 500, ["message"] = problem };
            var wanted = new JsonObject { ["same"] = same.DeepClone(), ["other"] = refused, ["roundTrip"] = refused.DeepClone() };
            return Task.FromResult(JsonDiff.Explain(recorded["want"], wanted));
        }

        var other = PipelinesConversion.Convert(inStore, read);
        var back = PipelinesConversion.Convert(PipelinesConversion.Convert(other, kept), own);
        var got = new JsonObject
        {
            ["same"] = same.DeepClone(),
            ["other"] = other.DeepClone(),
            ["roundTrip"] = JsonDiff.Explain(same, back) is null ? "unchanged" : back.DeepClone(),
        };
        return Task.FromResult(JsonDiff.Explain(recorded["want"], got));
    }
}
