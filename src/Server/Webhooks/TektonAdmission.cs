using System.Text.Json.Nodes;
using Hikigane.ApiServer.Admission;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;
using Hikigane.Server.Install;

namespace Hikigane.Server.Webhooks;

/// <summary>
/// Tekton's admission inside the process: the same pure code that a webhook would call, and its refusals in the words a webhook's refusal has.
/// </summary>
internal sealed class TektonAdmission(ObjectApi api)
{
    private const string TriggersGroup = "triggers.tekton.dev";

    public void Add()
    {
        api.Admission.MutateAll(MutateAsync);
        api.Admission.ValidateAll(ValidateAsync);
    }

    private ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (ReviewOf(request) is { } review)
        {
            var verdict = TriggersAdmission.Default(review, Data("config-defaults-triggers"));
            Check(verdict, "webhook.triggers.tekton.dev");
            Replace(request.Object!, verdict.Object);
        }

        return ValueTask.CompletedTask;
    }

    private ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (ReviewOf(request) is { } review)
        {
            Check(TriggersAdmission.Validate(review), "validation.webhook.triggers.tekton.dev");
        }
        else if (request is { Object: { } configMap, Operation: "CREATE" or "UPDATE" } && request.Target.Type == Kinds.ConfigMap
            && request.Target.Namespace == Installation.Namespace && TriggersAdmission.ValidateConfigMap(configMap) is { } error)
        {
            throw Denied("config.webhook.triggers.tekton.dev", error);
        }

        return ValueTask.CompletedTask;
    }

    private static TriggersReview? ReviewOf(AdmissionRequest request) =>
        request.Target.Type.Group == TriggersGroup && request is { Object: { } manifest, Operation: "CREATE" or "UPDATE" }
        && TriggersAdmission.Knows(TriggersGroup, request.Target.Type.Kind)
            ? new TriggersReview(request.Operation, request.Target.Type.Kind, request.Target.Type.Version, manifest, request.Old)
            : null;

    private static void Check(TriggersVerdict verdict, string webhook)
    {
        if (verdict.Error is { } error)
        {
            throw Denied(webhook, error);
        }
    }

    private static KubeException Denied(string webhook, string error) =>
        new(400, "BadRequest", $"admission webhook \"{webhook}\" denied the request: {error}");

    /// <summary>Puts the defaulted object in the place of the one that was sent.</summary>
    private static void Replace(JsonObject target, JsonObject? defaulted)
    {
        if (defaulted is null || ReferenceEquals(target, defaulted))
        {
            return;
        }

        var copy = defaulted.Copy();
        target.Clear();
        foreach (var (key, value) in copy.ToList())
        {
            copy.Remove(key);
            target[key] = value;
        }
    }

    private JsonObject? Data(string configMap) =>
        api.Store.Current.Find(new StoreKey(Kinds.ConfigMap.GroupResource, Installation.Namespace, configMap))?.Object.Object("data");
}
