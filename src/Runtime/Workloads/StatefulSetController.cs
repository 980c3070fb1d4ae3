using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Runtime.Workloads;

/// <summary>Shell of <see cref="StatefulSetReconciler"/>.</summary>
public sealed class StatefulSetController(IKube kube, PlanApplier applier, TimeProvider time) : IController
{
    public string Name => "statefulset-controller";

    public ResourceType Type => Kinds.StatefulSet;

    public IReadOnlyList<WatchedType> Watches => [WatchedType.OwnedBy(Kinds.StatefulSet, Kinds.Pod)];

    public async Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (await Observe.FindAsync(kube, Kinds.StatefulSet, key, cancellationToken) is not { } set)
        {
            return null;
        }

        var pods = await Observe.OwnedAsync(kube, Kinds.Pod, set, cancellationToken);
        var plan = StatefulSetReconciler.Reconcile(set, pods, time.GetUtcNow());
        await ClaimAsync(plan, cancellationToken);
        await applier.ApplyAsync(Kinds.StatefulSet, set, plan with { Changes = [.. plan.Changes.Where(IsNotClaim)] }, cancellationToken);
        return plan.WakeAt;
    }

    /// <summary>A claim outlives its pod and has no controller, so finding it is not a conflict.</summary>
    private async Task ClaimAsync(Plan plan, CancellationToken cancellationToken)
    {
        foreach (var create in plan.Changes.OfType<Change.Create>().Where(change => !IsNotClaim(change)))
        {
            try
            {
                await kube.CreateAsync(create.Type, create.Manifest.Namespace(), create.Manifest, cancellationToken);
            }
            catch (KubeException exception) when (exception.IsAlreadyExists)
            {
            }
        }
    }

    private static bool IsNotClaim(Change change) =>
        change is not Change.Create { Type: var type } || type != Kinds.PersistentVolumeClaim;
}
