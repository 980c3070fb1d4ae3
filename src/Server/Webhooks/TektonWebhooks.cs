using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;
using Hikigane.Resources.Triggers;

namespace Hikigane.Server.Webhooks;

/// <summary>
/// The webhooks of Tekton Triggers and Pipelines as functions from request to answer: the embedded API calls them inside the process, a
/// cluster's API server over HTTPS. Null says that a write is none of theirs. As cmd/webhook of tektoncd/pipeline and tektoncd/triggers.
/// </summary>
internal static class TektonWebhooks
{
    private const string TriggersGroup = "triggers.tekton.dev";
    private const string TriggersHook = "webhook.triggers.tekton.dev";
    private const string PipelinesHook = "webhook.pipeline.tekton.dev";

    /// <summary>Whether a kind is defaulted and validated here.</summary>
    public static bool Knows(string group, string kind) => TriggersAdmission.Knows(group, kind) || PipelinesAdmission.Knows(group, kind);

    /// <summary>The mutating webhooks: the object with its defaults, or why it cannot be read.</summary>
    public static WebhookAnswer? Mutate(WebhookReview review, WebhookConfig config)
    {
        if (review is not { Operation: "CREATE" or "UPDATE", Object: { } manifest })
        {
            return null;
        }

        if (TriggersAdmission.Knows(review.Group, review.Kind))
        {
            var verdict = TriggersAdmission.Default(TriggersReviewOf(review), config.TriggersDefaults);
            return new WebhookAnswer(TriggersHook, verdict.Object, verdict.Error);
        }

        if (!PipelinesAdmission.Knows(review.Group, review.Kind))
        {
            return null;
        }

        var admitted = PipelinesAdmission.Default(review.Operation, manifest, config.Pipelines);
        return new WebhookAnswer(PipelinesHook, admitted.Object, admitted.Error);
    }

    /// <summary>The validating webhooks: kinds, and the ConfigMaps of the installation.</summary>
    public static WebhookAnswer? Validate(WebhookReview review, WebhookConfig config)
    {
        if (review is not { Operation: "CREATE" or "UPDATE", Object: { } manifest })
        {
            return null;
        }

        if (TriggersAdmission.Knows(review.Group, review.Kind))
        {
            return new WebhookAnswer("validation." + TriggersHook, Error: TriggersAdmission.Validate(TriggersReviewOf(review)).Error);
        }

        if (PipelinesAdmission.Knows(review.Group, review.Kind))
        {
            // A write of the status leaves the spec alone: the rules about changes of the spec do not apply.
            var operation = review.Subresource == "status" ? "STATUS" : review.Operation;
            return new WebhookAnswer("validation." + PipelinesHook, Error: PipelinesAdmission.Refusal(operation, manifest, review.Old, config.Pipelines));
        }

        return review is { Group: "", Kind: "ConfigMap" } && review.Namespace == config.Namespace ? ValidateConfigMap(manifest) : null;
    }

    private static WebhookAnswer ValidateConfigMap(JsonObject configMap) => configMap.Label("app.kubernetes.io/part-of") == "tekton-pipelines"
        ? new WebhookAnswer("config." + PipelinesHook, Error: PipelinesConfigMaps.Problem(configMap))
        : new WebhookAnswer("config." + TriggersHook, Error: TriggersAdmission.ValidateConfigMap(configMap));

    private static TriggersReview TriggersReviewOf(WebhookReview review) =>
        new(review.Operation, review.Kind, review.Version, review.Object, review.Old);
}
