using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Workloads;

/// <summary>Shell of <see cref="DeploymentReconciler"/>. Reads the API itself, not a cache: it must not act on ReplicaSets of a moment ago.</summary>
public sealed class DeploymentController(IKube kube, PlanApplier applier, TimeProvider time) : IController
{
    public string Name => "deployment-controller";

    public ResourceType Type => Kinds.Deployment;

    public IReadOnlyList<WatchedType> Watches => [WatchedType.OwnedBy(Kinds.Deployment, Kinds.ReplicaSet)];

    public async Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (await Observe.FindAsync(kube, Kinds.Deployment, key, cancellationToken) is not { } deployment)
        {
            return null;
        }

        var owned = await Observe.OwnedAsync(kube, Kinds.ReplicaSet, deployment, cancellationToken);
        var plan = DeploymentReconciler.Reconcile(deployment, owned, time.GetUtcNow());
        try
        {
            await applier.ApplyAsync(Kinds.Deployment, deployment, plan, cancellationToken);
            return plan.WakeAt;
        }
        catch (KubeException exception) when (exception.Code is 400 or 403 or 422
            && DeploymentReconciler.Refused(deployment, plan, exception.Message, time.GetUtcNow()) is { } refused)
        {
            await applier.ApplyAsync(Kinds.Deployment, deployment, refused, cancellationToken);
            return time.GetUtcNow() + TimeSpan.FromSeconds(5);
        }
    }
}

/// <summary>Shell of <see cref="ReplicaSetReconciler"/>.</summary>
public sealed class ReplicaSetController(IKube kube, PlanApplier applier, EventRecorder events, TimeProvider time) : IController
{
    public string Name => "replicaset-controller";

    public ResourceType Type => Kinds.ReplicaSet;

    public IReadOnlyList<WatchedType> Watches => [WatchedType.OwnedBy(Kinds.ReplicaSet, Kinds.Pod)];

    public async Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (await Observe.FindAsync(kube, Kinds.ReplicaSet, key, cancellationToken) is not { } replicaSet)
        {
            return null;
        }

        var pods = await Observe.OwnedAsync(kube, Kinds.Pod, replicaSet, cancellationToken);
        var plan = ReplicaSetReconciler.Reconcile(replicaSet, pods, time.GetUtcNow());
        try
        {
            await applier.ApplyAsync(Kinds.ReplicaSet, replicaSet, plan, cancellationToken);
        }
        catch (KubeException exception) when (exception.Code is 403 or 404 or 422 or 400)
        {
            // The pod was refused: said where people look, and tried again, because what is missing may come.
            await events.RecordAsync(replicaSet, new("Warning", "FailedCreate", $"Error creating: {exception.Message}"), cancellationToken);
            var failed = ReplicaSetReconciler.Failed(replicaSet, exception.Message, time.GetUtcNow());
            await applier.ApplyAsync(Kinds.ReplicaSet, replicaSet, new() { Status = failed }, cancellationToken);
            return time.GetUtcNow() + TimeSpan.FromSeconds(5);
        }

        return plan.WakeAt;
    }
}

/// <summary>What the workload controllers read.</summary>
internal static class Observe
{
    /// <summary>The object, or null when it is gone.</summary>
    public static async Task<JsonObject?> FindAsync(IKube kube, ResourceType type, ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await kube.GetAsync(type, key.Namespace, key.Name, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>The objects of a kind in the owner's namespace that it controls, by UID.</summary>
    public static async Task<IReadOnlyList<JsonObject>> OwnedAsync(IKube kube, ResourceType type, JsonObject owner, CancellationToken cancellationToken)
    {
        var list = await kube.ListAsync(type, owner.Namespace(), ListQuery.All, cancellationToken);
        return [.. list.Items.Where(one => one.IsOwnedBy(owner))];
    }
}
