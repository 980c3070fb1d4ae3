using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Admission;

/// <summary>
/// Admission by webhooks that MutatingWebhookConfiguration and ValidatingWebhookConfiguration objects name: mutating ones in the order of their
/// configurations' names, validating ones all at once. Webhooks whose work is done in this process are passed over by name.
/// As apiserver pkg/admission/plugin/webhook.
/// </summary>
public sealed class WebhookAdmission(ObjectApi api, DialService dial, IReadOnlySet<string> inProcess) : IDisposable
{
    private readonly WebhookClient client = new(dial);

    // Each write asks for all of them; a configuration is read once, however many writes come.
    private readonly ConditionalWeakTable<StoredObject, Webhook[]> known = [];

    /// <summary>Joins the chain behind the steps that are there.</summary>
    public void Add()
    {
        api.Admission.MutateAll(MutateAsync);
        api.Admission.ValidateAll(ValidateAsync);
    }

    public void Dispose() => client.Dispose();

    private async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        var webhooks = WebhooksFor(Kinds.MutatingWebhookConfiguration, request);
        var changedBy = new List<Webhook>();
        foreach (var webhook in webhooks)
        {
            if (await MutateAsync(webhook, request, cancellationToken))
            {
                changedBy.Add(webhook);
            }
        }

        // Whoever was before a change and wants to see it is asked once more.
        foreach (var webhook in webhooks.Where(one => one.IsReinvoked && changedBy.Any(other => other != one && webhooks.IndexOf(other) > webhooks.IndexOf(one))))
        {
            await MutateAsync(webhook, request, cancellationToken);
        }
    }

    private async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        var webhooks = WebhooksFor(Kinds.ValidatingWebhookConfiguration, request);
        var verdicts = await Task.WhenAll(webhooks.Select(webhook => AskAsync(webhook, request, cancellationToken)));
        foreach (var (webhook, verdict) in webhooks.Zip(verdicts))
        {
            if (verdict?.IsAllowed == false)
            {
                throw WebhookReview.Denied(webhook.Name, verdict.Status);
            }
        }
    }

    /// <summary>Whether the object was changed.</summary>
    private async Task<bool> MutateAsync(Webhook webhook, AdmissionRequest request, CancellationToken cancellationToken)
    {
        var verdict = await AskAsync(webhook, request, cancellationToken);
        if (verdict?.IsAllowed == false)
        {
            throw WebhookReview.Denied(webhook.Name, verdict.Status);
        }

        if (verdict?.Patch is not { } patch || request.Object is not { } current || webhook.Wants(request) is not { } wanted)
        {
            return false;
        }

        var (target, before) = (request.Target, current.Copy());
        JsonObject changed;
        try
        {
            changed = JsonPatch.Apply(ObjectApi.Convert(current.Copy(), target.Kind, wanted, isShared: false), patch) as JsonObject
                ?? throw new KubeException(422, "Invalid", "the patched object is not an object");
        }
        catch (KubeException exception)
        {
            throw Errors.Internal(exception.Message);
        }

        changed = ObjectApi.Convert(changed, target.Kind, target.Type, isShared: false);
        if (JsonNode.DeepEquals(before, changed))
        {
            return false;
        }

        current.Clear();
        foreach (var (name, value) in changed)
        {
            current[name] = value?.DeepClone();
        }

        return true;
    }

    /// <summary>The verdict; null when the webhook could not be asked and that does not matter.</summary>
    private async Task<WebhookVerdict?> AskAsync(Webhook webhook, AdmissionRequest request, CancellationToken cancellationToken)
    {
        var wanted = webhook.Wants(request) ?? request.Target.Type;
        if (!await ConditionsHoldAsync(webhook, request))
        {
            return null;
        }

        var uid = Guid.NewGuid().ToString();
        Uri? address = null;
        using var deadline = new CancellationTokenSource(webhook.Timeout, api.Time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            address = WebhookClient.AddressOf(webhook.Client, webhook.Timeout);
            var answer = await client.PostAsync(address, webhook.Client.Text("caBundle"), WebhookReview.Request(uid, request, wanted), ending.Token);
            var verdict = WebhookReview.Read(answer, uid);
            foreach (var warning in verdict.Warnings)
            {
                lock (request.Warnings)
                {
                    request.Warnings.Add(warning);
                }
            }

            return verdict;
        }
        catch (Exception exception) when (exception is HttpRequestException or InvalidDataException or IOException || deadline.IsCancellationRequested)
        {
            var cause = deadline.IsCancellationRequested ? "context deadline exceeded"
                : exception.InnerException is System.Net.Sockets.SocketException { SocketErrorCode: System.Net.Sockets.SocketError.ConnectionRefused }
                    ? $"dial tcp {address?.Host}:{address?.Port}: connect: connection refused"
                    : exception.InnerException?.Message ?? exception.Message;
            return webhook.IgnoresFailure ? null : throw Errors.Internal(address is null
                ? $"failed calling webhook \"{webhook.Name}\": {cause}"
                : $"failed calling webhook \"{webhook.Name}\": failed to call webhook: Post \"{address}\": {cause}");
        }
    }

    private static ValueTask<bool> ConditionsHoldAsync(Webhook webhook, AdmissionRequest request)
    {
        var held = MatchConditions.Hold(webhook, request);
        return held.Error is null ? ValueTask.FromResult(held.IsMatch)
            : webhook.IgnoresFailure ? ValueTask.FromResult(false)
            : throw new KubeException(403, "Forbidden", $"admission webhook \"{webhook.Name}\" could not be matched: {held.Error}");
    }

    /// <summary>The webhooks that want a request. Webhook configurations themselves are never sent to webhooks.</summary>
    private List<Webhook> WebhooksFor(ResourceType configurations, AdmissionRequest request)
    {
        if (request.Target.Type.Group == configurations.Group)
        {
            return [];
        }

        return [.. api.Store.Current.In(configurations.GroupResource, null)
            .OrderBy(stored => stored.Key.Name, StringComparer.Ordinal)
            .SelectMany(stored => known.GetValue(stored, one => [.. Webhook.Of(one.Object)]))
            .Where(webhook => !inProcess.Contains(webhook.Name) && webhook.Wants(request) is not null && IsSelected(webhook, request))];
    }

    private bool IsSelected(Webhook webhook, AdmissionRequest request) =>
        (webhook.NamespaceSelector.Count == 0 || NamespaceOf(request) is not { } ns || ObjectSelector.Selects(webhook.NamespaceSelector, ns.Object("metadata", "labels")))
        && (webhook.ObjectSelector.Count == 0 || ((JsonObject?[])[request.Object, request.Old])
            .Any(one => one is not null && ObjectSelector.Selects(webhook.ObjectSelector, one.Object("metadata", "labels"))));

    /// <summary>The namespace of a request, which for a Namespace is itself; null at cluster scope.</summary>
    private JsonObject? NamespaceOf(AdmissionRequest request) =>
        request.Target.Type == Kinds.Namespace ? request.Object ?? request.Old
        : request.Target.Type.IsNamespaced ? api.Store.Current.Find(new StoreKey("namespaces", "", request.Target.Namespace))?.Object ?? []
        : null;
}
