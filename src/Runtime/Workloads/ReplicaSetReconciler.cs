using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Runtime.Workloads;

/// <summary>ReplicaSet → pods: as many active ones as <c>spec.replicas</c> asks for. As kubernetes pkg/controller/replicaset.</summary>
public static class ReplicaSetReconciler
{
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(10);

    /// <summary>Decides what follows for a ReplicaSet from the pods that it owns.</summary>
    public static Plan Reconcile(JsonObject replicaSet, IReadOnlyList<JsonObject> pods, DateTimeOffset now)
    {
        if (replicaSet.IsBeingDeleted())
        {
            return Plan.Nothing;
        }

        var wanted = (int)(replicaSet.Integer("spec", "replicas") ?? 1);
        var active = pods.Where(pod => pod.IsActive()).ToList();
        var changes = new List<Change>();
        var events = new List<ObjectEvent>();
        var notBefore = active.Count < wanted ? NotBefore(pods, now) : null;
        for (var i = active.Count; i < wanted && notBefore is null; i++)
        {
            var pod = Build(replicaSet, i, now);
            changes.Add(new Change.Create(Kinds.Pod, pod));
            events.Add(new ObjectEvent("Normal", "SuccessfulCreate", $"Created pod: {pod.Name()}"));
        }

        foreach (var pod in Surplus(active, active.Count - wanted))
        {
            changes.Add(new Change.Delete(Kinds.Pod, pod.Key(), pod.Uid()));
            events.Add(new ObjectEvent("Normal", "SuccessfulDelete", $"Deleted pod: {pod.Name()}"));
        }

        var status = Status(replicaSet, active, now, out var wakeAt);
        return new Plan
        {
            Status = status,
            Changes = changes,
            Events = events,
            WakeAt = notBefore < wakeAt || wakeAt is null ? notBefore ?? wakeAt : wakeAt,
            Reason = $"{active.Count} of {wanted} pods",
        };
    }

    /// <summary>
    /// Pods that fail again and again are replaced ever more slowly, as a container of theirs would be: after ten seconds, then twice as long each
    /// time, up to five minutes. Null when one may be made now.
    /// </summary>
    private static DateTimeOffset? NotBefore(IReadOnlyList<JsonObject> pods, DateTimeOffset now)
    {
        var failures = pods.Where(pod => pod.Text("status", "phase") == "Failed" && !pod.IsBeingDeleted())
            .Select(pod => pod.Condition("Ready").Time("lastTransitionTime") ?? pod.Time("metadata", "creationTimestamp") ?? now)
            .Where(at => now - at < Forgotten).ToList();
        if (failures.Count == 0)
        {
            return null;
        }

        var delay = TimeSpan.FromSeconds(Math.Min(300, 10 * Math.Pow(2, Math.Min(failures.Count - 1, 10))));
        var due = failures.Max() + delay;
        return due > now ? due : null;
    }

    /// <summary>The status after a pod could not be created.</summary>
    public static JsonObject Failed(JsonObject replicaSet, string message, DateTimeOffset now)
    {
        var status = (replicaSet.Object("status") ?? []).Copy();
        var failure = WorkloadConditions.Condition(replicaSet.Condition("ReplicaFailure"), "ReplicaFailure", "True", "FailedCreate", message, now);
        failure.Remove("lastUpdateTime");
        status["conditions"] = new JsonArray(failure);
        status["replicas"] ??= 0;
        status["observedGeneration"] = replicaSet.Integer("metadata", "generation") ?? 0;
        return status;
    }

    /// <summary>Those that are not ready go first, then the youngest.</summary>
    private static IEnumerable<JsonObject> Surplus(List<JsonObject> active, int count) => active
        .OrderBy(pod => pod.Text("spec", "nodeName") is null ? 0 : 1)
        .ThenBy(pod => pod.IsReady() ? 1 : 0)
        .ThenByDescending(pod => pod.Text("metadata", "creationTimestamp"), StringComparer.Ordinal)
        .Take(Math.Max(0, count));

    private static JsonObject Build(JsonObject replicaSet, int ordinal, DateTimeOffset now)
    {
        var template = (replicaSet.Object("spec", "template") ?? []).Copy();
        var seed = string.Create(CultureInfo.InvariantCulture, $"{replicaSet.Uid()}/{now.UtcTicks}/{ordinal}");
        var metadata = new JsonObject
        {
            ["name"] = $"{replicaSet.Name()}-{TemplateHash.Suffix(seed)}",
            ["generateName"] = replicaSet.Name() + "-",
            ["namespace"] = replicaSet.Namespace(),
        };
        foreach (var field in (ReadOnlySpan<string>)["labels", "annotations", "finalizers"])
        {
            if (template.At("metadata", field) is { } value)
            {
                metadata[field] = value.DeepClone();
            }
        }

        metadata["ownerReferences"] = new JsonArray(DeploymentReconciler.Owner(replicaSet, "apps/v1", "ReplicaSet"));
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = metadata,
            ["spec"] = (template.Object("spec") ?? []).Copy(),
        };
    }

    private static JsonObject Status(JsonObject replicaSet, List<JsonObject> active, DateTimeOffset now, out DateTimeOffset? wakeAt)
    {
        wakeAt = null;
        var settle = TimeSpan.FromSeconds(replicaSet.Integer("spec", "minReadySeconds") ?? 0);
        var available = 0;
        foreach (var pod in active.Where(pod => pod.IsReady()))
        {
            var since = pod.Condition("Ready").Time("lastTransitionTime") ?? now;
            if (settle == TimeSpan.Zero || since + settle <= now)
            {
                available++;
            }
            else if (wakeAt is null || since + settle < wakeAt)
            {
                wakeAt = since + settle;
            }
        }

        var status = new JsonObject { ["replicas"] = active.Count };
        Put(status, "fullyLabeledReplicas", active.Count(pod => WorkloadConditions.Selects(Labels(replicaSet), pod)));
        Put(status, "readyReplicas", active.Count(pod => pod.IsReady()));
        Put(status, "availableReplicas", available);
        status["observedGeneration"] = replicaSet.Integer("metadata", "generation") ?? 0;
        return status;
    }

    private static JsonObject Labels(JsonObject replicaSet) =>
        new() { ["matchLabels"] = (replicaSet.Object("spec", "template", "metadata", "labels") ?? []).Copy() };

    private static void Put(JsonObject status, string field, int count)
    {
        if (count > 0)
        {
            status[field] = count;
        }
    }
}
