using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;
using Hikigane.Server.Webhooks;

namespace Hikigane.Golden.Triggers;

/// <summary>Asks <see cref="TriggersAdmission"/> what upstream's webhook was asked.</summary>
internal static class TriggersAdmissionJudge
{
    public static Task<string?> JudgeAsync(JsonObject recorded) => Task.FromResult(Judge(recorded["input"]!.AsObject(), recorded["want"]!.AsObject()));

    private static string? Judge(JsonObject input, JsonObject want)
    {
        if (input.Text("raw") is { } raw)
        {
            var answer = new ReviewEndpoint(() => WebhookConfig.Read("tekton-pipelines", _ => null), converts: false).Handle(input.Text("path")!, Encoding.UTF8.GetBytes(raw));
            return JsonDiff.Explain(want, new JsonObject { ["httpStatus"] = answer.Status, ["contentType"] = answer.ContentType, ["text"] = answer.Body });
        }

        var review = new TriggersReview(
            input.Text("operation")!, input.Text("kind")!, input.Text("version")!, input.Object("object"), input.Object("oldObject"));
        var got = new JsonObject();
        if (want["configValidation"] is not null)
        {
            got["configValidation"] = Verdict(TriggersAdmission.ValidateConfigMap(review.Object ?? review.OldObject ?? []));
            return JsonDiff.Explain(want, got);
        }

        var defaulted = TriggersAdmission.Default(review, input.Object("config", "config-defaults-triggers"));
        Put(got, want, "defaulting", defaulted.Error, defaulted.Object);
        if (want["validation"] is not null)
        {
            Put(got, want, "validation", TriggersAdmission.Validate(review with { Object = defaulted.Object ?? review.Object }).Error, null);
        }

        if (want["validationWithoutDefaulting"] is not null)
        {
            Put(got, want, "validationWithoutDefaulting", TriggersAdmission.Validate(review).Error, null);
        }

        (want["defaulting"] as JsonObject)?.Remove("patchSorted");
        return JsonDiff.Explain(want, got);
    }

    private static void Put(JsonObject got, JsonObject want, string stage, string? error, JsonObject? stored)
    {
        // Where upstream crashed, any refusal or acceptance with an answer is better.
        if (want[stage].Flag("connectionClosed"))
        {
            got[stage] = want[stage]!.DeepClone();
            return;
        }

        var verdict = Verdict(error);
        if (stage == "defaulting" && error is null && stored is not null && want.At(stage, "object") is not null)
        {
            verdict["object"] = stored.DeepClone();
        }

        got[stage] = verdict;
    }

    private static JsonObject Verdict(string? error) => error is null
        ? new JsonObject { ["allowed"] = true }
        : new JsonObject { ["allowed"] = false, ["code"] = 400, ["reason"] = "BadRequest", ["message"] = error };
}
