using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Reconcile;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Server.Controllers;

/// <summary>ClusterInterceptor or Interceptor → <c>status.address</c>.</summary>
public sealed class InterceptorController(IKube kube, PlanApplier applier, ResourceType type) : IController
{
    public string Name => type.Kind.ToLowerInvariant() + "-controller";

    public ResourceType Type => type;

    public IReadOnlyList<WatchedType> Watches => [];

    public async Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        JsonObject interceptor;
        try
        {
            interceptor = await kube.GetAsync(type, key.Namespace, key.Name, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            return null;
        }

        var address = InterceptorAddress.UrlOf(interceptor);
        var status = new JsonObject { ["address"] = address is null ? new JsonObject() : new JsonObject { ["url"] = address } };
        IReadOnlyList<ObjectEvent> events = address is null ? [new ObjectEvent("Warning", "InternalError", "interceptor URL was nil")] : [];
        await applier.ApplyAsync(type, interceptor, new Plan { Status = status, Events = events }, cancellationToken);
        return null;
    }
}
