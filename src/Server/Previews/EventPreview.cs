using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Server.Listener;
using Hikigane.Triggers;
using Hikigane.Triggers.Verdicts;

namespace Hikigane.Server.Previews;

/// <summary>What a trigger would make of an event: its verdict, and the objects that it would create.</summary>
public sealed record PreviewedTrigger(TriggerVerdict Verdict, IReadOnlyList<JsonObject> Objects);

/// <summary>What would become of an event.</summary>
public sealed record PreviewedDelivery(Delivery Delivery, IReadOnlyList<PreviewedTrigger> Triggers);

/// <summary>
/// Decides events by the flow of the listener, the same code, and creates nothing. Interceptors that are outside the program are really asked;
/// whether the ServiceAccount may create the objects is asked too, where there is an API.
/// </summary>
public sealed class EventPreview : IDisposable
{
    private static readonly ResourceType AccessReview = new("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", IsNamespaced: false);

    private readonly KnownObjects objects;
    private readonly InterceptorClient client;
    private readonly TriggerFlow flow;

    public EventPreview(KnownObjects objects, TimeProvider time)
    {
        this.objects = objects;
        client = new InterceptorClient(time);
        flow = new TriggerFlow(
            TriggerLookups.Of(objects.Manifests),
            new InterceptorPorts
            {
                BuiltIn = BuiltInInterceptors.Of(objects.Secrets, client.AskGitHubAsync, time),
                Remote = client.AskAsync,
                Webhook = client.AskWebhookAsync,
            })
        {
            Now = time.GetUtcNow,
        };
    }

    /// <summary>Null when the listener of the event does not exist.</summary>
    public async Task<PreviewedDelivery?> DecideAsync(ReceivedEvent received, CancellationToken cancellationToken)
    {
        if (objects.Find("EventListener", new ObjectKey(received.ListenerNamespace, received.ListenerName)) is not { } listener)
        {
            return null;
        }

        var triggers = new List<PreviewedTrigger>();
        foreach (var decision in await flow.DecideAsync(received, listener, cancellationToken))
        {
            var refused = await RefusedAsync(listener, decision, cancellationToken);
            triggers.Add(refused is not null ? new PreviewedTrigger(refused, decision.Objects)
                : decision.AfterObjects is { } after ? new PreviewedTrigger(after, decision.Objects)
                : new PreviewedTrigger(decision.Verdict, decision.Objects));
        }

        IReadOnlyList<TriggerVerdict> verdicts = [.. triggers.Select(trigger => trigger.Verdict)];
        return new PreviewedDelivery(new Delivery { Event = received, Outcome = DeliveryVerdict.Of(verdicts), Triggers = verdicts }, triggers);
    }

    public void Dispose() => client.Dispose();

    /// <summary>The verdict when the trigger's account may not create what it wants; null when it may, or when nobody can be asked.</summary>
    private async Task<TriggerVerdict?> RefusedAsync(JsonObject listener, TriggerDecision decision, CancellationToken cancellationToken)
    {
        if (objects.Kube is not { } kube || !decision.IsFired)
        {
            return null;
        }

        var account = decision.ServiceAccountName.Length > 0
            ? (Namespace: decision.Verdict.Namespace, Name: decision.ServiceAccountName)
            : (Namespace: listener.Namespace(), Name: listener.Text("spec", "serviceAccountName") ?? "default");
        foreach (var manifest in decision.Objects)
        {
            var type = TypeOf(manifest);
            if (await MayCreateAsync(kube, account, type, manifest.Namespace(), cancellationToken) == false)
            {
                var message = $"{type.GroupResource} is forbidden: User \"system:serviceaccount:{account.Namespace}:{account.Name}\" cannot create resource \"{type.Plural}\""
                    + $" in API group \"{type.Group}\" in the namespace \"{manifest.Namespace()}\"";
                return CreateVerdict.Forbidden(decision.Verdict, manifest, type.Plural, account, message);
            }
        }

        return null;
    }

    private static async Task<bool?> MayCreateAsync(
        IKube kube, (string Namespace, string Name) account, ResourceType type, string ns, CancellationToken cancellationToken)
    {
        var review = new JsonObject
        {
            ["apiVersion"] = "authorization.k8s.io/v1",
            ["kind"] = "SubjectAccessReview",
            ["spec"] = new JsonObject
            {
                ["user"] = $"system:serviceaccount:{account.Namespace}:{account.Name}",
                ["groups"] = new JsonArray("system:serviceaccounts", $"system:serviceaccounts:{account.Namespace}", "system:authenticated"),
                ["resourceAttributes"] = new JsonObject { ["verb"] = "create", ["group"] = type.Group, ["resource"] = type.Plural, ["namespace"] = ns },
            },
        };
        try
        {
            return (await kube.CreateAsync(AccessReview, null, review, cancellationToken)).Flag("status", "allowed");
        }
        catch (KubeException)
        {
            return null;
        }
    }

    /// <summary>The resource of a manifest, by the rule that all of Kubernetes' and Tekton's kinds follow.</summary>
    private static ResourceType TypeOf(JsonObject manifest)
    {
        var apiVersion = manifest.Text("apiVersion") ?? "";
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var kind = manifest.Text("kind") ?? "";
        var plural = kind.ToLowerInvariant() switch
        {
            var name when name.EndsWith('s') || name.EndsWith('x') || name.EndsWith("ch", StringComparison.Ordinal) => name + "es",
            var name when name.EndsWith('y') && !name.EndsWith("ey", StringComparison.Ordinal) => name[..^1] + "ies",
            var name => name + "s",
        };
        return new ResourceType(slash < 0 ? "" : apiVersion[..slash], slash < 0 ? apiVersion : apiVersion[(slash + 1)..], plural, kind);
    }
}
