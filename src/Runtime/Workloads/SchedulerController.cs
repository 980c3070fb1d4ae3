using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Runtime.Workloads;

/// <summary>
/// The scheduler of a cluster of one: binds each pod to the first node that its <c>nodeSelector</c> allows, and says on the pod why
/// when there is none. With one node, affinity has nothing to choose from.
/// </summary>
public sealed class SchedulerController(IKube kube, ObjectCaches caches, EventRecorder events, TimeProvider time) : IController
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public string Name => "default-scheduler";

    public ResourceType Type => Kinds.Pod;

    public IReadOnlyList<WatchedType> Watches => [];

    public async Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (caches.For(Kinds.Pod).Get(key) is not { } pod || !IsWaiting(pod))
        {
            return null;
        }

        var nodes = await kube.ListAsync(Kinds.Node, null, ListQuery.All, cancellationToken);
        if (await HinderedByAsync(pod, nodes.Items, cancellationToken) is { } message)
        {
            await RefuseAsync(pod, message, cancellationToken);
            return time.GetUtcNow() + Pause;
        }

        await BindAsync(pod, nodes.Items.First(node => Fits(pod, node)), cancellationToken);
        return null;
    }

    private static bool IsWaiting(JsonObject pod) =>
        pod.Text("spec", "nodeName") is null or "" && pod.IsActive() && !pod.Items("spec", "schedulingGates").Any()
        && pod.Text("spec", "schedulerName") is null or "" or "default-scheduler";

    private static bool Fits(JsonObject pod, JsonObject node) =>
        !node.Flag("spec", "unschedulable")
        && (pod.Object("spec", "nodeSelector") ?? []).All(wanted => node.Label(wanted.Key) is { } label && label == wanted.Value.Text());

    /// <summary>Why the pod cannot be placed now, in the scheduler's words; null when it can.</summary>
    private async Task<string?> HinderedByAsync(JsonObject pod, IReadOnlyList<JsonObject> nodes, CancellationToken cancellationToken)
    {
        if (nodes.Count == 0)
        {
            return "no nodes available to schedule pods";
        }

        var preemption = $"preemption: 0/{nodes.Count} nodes are available: {nodes.Count} Preemption is not helpful for scheduling.";
        if (!nodes.Any(node => Fits(pod, node)))
        {
            return $"0/{nodes.Count} nodes are available: {nodes.Count} node(s) didn't match Pod's node affinity/selector. {preemption}";
        }

        foreach (var volume in pod.Objects("spec", "volumes"))
        {
            if (volume.Text("persistentVolumeClaim", "claimName") is not { } claim)
            {
                continue;
            }

            var found = await Observe.FindAsync(kube, Kinds.PersistentVolumeClaim, new ObjectKey(pod.Namespace(), claim), cancellationToken);
            if (found is null)
            {
                return $"0/{nodes.Count} nodes are available: persistentvolumeclaim \"{claim}\" not found. {preemption}";
            }

            if (found.Text("status", "phase") != "Bound")
            {
                return $"0/{nodes.Count} nodes are available: pod has unbound immediate PersistentVolumeClaims. {preemption}";
            }
        }

        return null;
    }

    private async Task BindAsync(JsonObject pod, JsonObject node, CancellationToken cancellationToken)
    {
        var binding = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Binding",
            ["metadata"] = new JsonObject { ["name"] = pod.Name(), ["namespace"] = pod.Namespace(), ["uid"] = pod.Uid() },
            ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node.Name() },
        };
        try
        {
            await kube.CreateAsync(Kinds.Pod, pod.Namespace(), binding, cancellationToken, pod.Name(), "binding");
        }
        catch (KubeException exception) when (exception.IsNotFound || exception.Code == 409)
        {
            return;
        }

        var placed = new ObjectEvent("Normal", "Scheduled", $"Successfully assigned {pod.Namespace()}/{pod.Name()} to {node.Name()}");
        await events.RecordAsync(pod, placed, cancellationToken);
    }

    private async Task RefuseAsync(JsonObject pod, string message, CancellationToken cancellationToken)
    {
        var known = pod.Condition("PodScheduled");
        if (known.Text("message") == message)
        {
            return;
        }

        var condition = WorkloadConditions.Condition(known, "PodScheduled", "False", "Unschedulable", message, time.GetUtcNow());
        condition.Remove("lastUpdateTime");
        condition["lastProbeTime"] = null;
        var status = (pod.Object("status") ?? []).Copy();
        var others = status.Objects("conditions").Where(one => one.Text("type") != "PodScheduled").Select(one => one.DeepClone());
        status["conditions"] = new JsonArray([.. others, condition]);
        status["phase"] ??= "Pending";
        var updated = pod.Copy();
        updated["status"] = status;
        await kube.UpdateAsync(Kinds.Pod, updated, cancellationToken, "status");
        await events.RecordAsync(pod, new ObjectEvent("Warning", "FailedScheduling", message), cancellationToken);
    }
}
