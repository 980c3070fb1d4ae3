using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Workloads;

/// <summary>Shell of <see cref="EndpointsReconciler"/>: keeps Endpoints and EndpointSlice of each Service with a selector.</summary>
public sealed class EndpointsController(IKube kube, ObjectCaches caches) : IController
{
    public string Name => "endpoints-controller";

    public ResourceType Type => Kinds.Service;

    public IReadOnlyList<WatchedType> Watches => [new WatchedType(Kinds.Pod, ServicesOf)];

    public async Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (await Observe.FindAsync(kube, Kinds.Service, key, cancellationToken) is not { } service)
        {
            // The slice goes with its owner; Endpoints have none, only the same name.
            await DeleteEndpointsAsync(key, cancellationToken);
            return null;
        }

        if (Selector(service) is not { } selector || service.IsBeingDeleted())
        {
            return null;
        }

        var pods = caches.For(Kinds.Pod).In(service.Namespace()).Where(pod => WorkloadConditions.Selects(selector, pod)).ToList();
        await KeepAsync(Kinds.Endpoints, EndpointsReconciler.Endpoints(service, pods), ["subsets"], cancellationToken);
        await KeepAsync(Kinds.EndpointSlice, EndpointsReconciler.Slice(service, pods), ["endpoints", "ports"], cancellationToken);
        return null;
    }

    private IEnumerable<ObjectKey> ServicesOf(JsonObject pod) => caches.For(Kinds.Service).In(pod.Namespace())
        .Where(service => Selector(service) is { } selector && WorkloadConditions.Selects(selector, pod))
        .Select(service => service.Key());

    private static JsonObject? Selector(JsonObject service) =>
        service.Object("spec", "selector") is { Count: > 0 } labels ? new JsonObject { ["matchLabels"] = labels.Copy() } : null;

    private async Task KeepAsync(ResourceType type, JsonObject wanted, string[] fields, CancellationToken cancellationToken)
    {
        if (await Observe.FindAsync(kube, type, wanted.Key(), cancellationToken) is not { } existing)
        {
            await kube.CreateAsync(type, wanted.Namespace(), wanted, cancellationToken);
            return;
        }

        if (fields.All(field => JsonNode.DeepEquals(existing[field], wanted[field]))
            && JsonNode.DeepEquals(existing.At("metadata", "labels"), wanted.At("metadata", "labels")))
        {
            return;
        }

        var updated = existing.Copy();
        foreach (var field in fields)
        {
            updated.Remove(field);
            if (wanted[field] is { } value)
            {
                updated[field] = value.DeepClone();
            }
        }

        updated.Ensure("metadata")["labels"] = wanted.At("metadata", "labels")?.DeepClone();
        await kube.UpdateAsync(type, updated, cancellationToken);
    }

    private async Task DeleteEndpointsAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            await kube.DeleteAsync(Kinds.Endpoints, key, DeleteQuery.Default, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
        }
    }
}
