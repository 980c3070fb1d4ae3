using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;

namespace Hikigane.Golden.Pipelines;

/// <summary>Asks admission what upstream's webhook was asked: the object as it is stored, or the refusal.</summary>
internal static class PipelinesAdmissionJudge
{
    public static Task<string?> JudgeAsync(JsonObject recorded) => Task.FromResult(Judge(recorded.Object("input")!, recorded.Object("want")!));

    private static string? Judge(JsonObject input, JsonObject want)
    {
        if (input.Text("op") == "configUpdate" || input.Text("subresource") is not null)
        {
            return "not asked here: ConfigMaps and the status of runs";
        }

        var config = RecordedConfig.Read(input.Object("config"));
        var (operation, manifest, old) = ("CREATE", input.Object("object"), (JsonObject?)null);
        if (input.Text("op") == "update")
        {
            old = PipelinesAdmission.Review("CREATE", input.Object("existing")!, null, PipelinesConfig.Shipped).Object ?? [];
            if (input.Object("existingStatus") is { } status)
            {
                old["status"] = status.DeepClone();
            }

            (operation, manifest) = ("UPDATE", (JsonObject)Merge(old, input.Object("patch")!)!);
        }

        var review = PipelinesAdmission.Review(operation, manifest!, old, config);
        var webhook = review.Error?.StartsWith("mutation", StringComparison.Ordinal) == true ? "webhook" : "validation.webhook";
        var got = review.Error is { } error
            ? new JsonObject { ["code"] = 400, ["reason"] = "BadRequest", ["message"] = $"admission webhook \"{webhook}.pipeline.tekton.dev\" denied the request: {error}" }
            : new JsonObject { ["allowed"] = true, ["object"] = review.Object!.DeepClone() };
        if (want["allowed"] is { } allowed)
        {
            got["allowed"] = allowed.GetValueKind() == System.Text.Json.JsonValueKind.False && review.Error is not null ? false : review.Error is null;
        }

        return JsonDiff.Explain(want, got);
    }

    private static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var merged = target is JsonObject known ? known.Copy() : [];
        foreach (var (key, value) in changes)
        {
            if (value is null)
            {
                merged.Remove(key);
            }
            else
            {
                merged[key] = Merge(merged[key], value);
            }
        }

        return merged;
    }
}
