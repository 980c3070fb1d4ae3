using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Runtime.Workloads;

/// <summary>
/// StatefulSet → pods with ordinals and their claims, one after the other. What Tekton's affinity assistant needs.
/// As kubernetes pkg/controller/statefulset.
/// </summary>
public static class StatefulSetReconciler
{
    private const string RevisionLabel = "controller-revision-hash";

    /// <summary>Decides what follows for a StatefulSet from the pods that it owns.</summary>
    public static Plan Reconcile(JsonObject set, IReadOnlyList<JsonObject> pods, DateTimeOffset now)
    {
        if (set.IsBeingDeleted() || set.Object("spec", "template") is not { } template)
        {
            return Plan.Nothing;
        }

        var wanted = (int)(set.Integer("spec", "replicas") ?? 1);
        var revision = $"{set.Name()}-{TemplateHash.Of(template)}";
        var byOrdinal = pods.ToDictionary(pod => Ordinal(set, pod));
        var changes = new List<Change>();
        var events = new List<ObjectEvent>();
        if (set.Text("spec", "podManagementPolicy") == "Parallel")
        {
            for (var ordinal = 0; ordinal < wanted; ordinal++)
            {
                Keep(set, byOrdinal.GetValueOrDefault(ordinal), ordinal, revision, changes, events);
            }
        }
        else
        {
            for (var ordinal = 0; ordinal < wanted && changes.Count == 0; ordinal++)
            {
                var pod = byOrdinal.GetValueOrDefault(ordinal);
                Keep(set, pod, ordinal, revision, changes, events);
                if (pod is null || pod.IsBeingDeleted() || !pod.IsReady())
                {
                    break;
                }
            }
        }

        TakeDown(set, byOrdinal, wanted, revision, changes, events);
        return new Plan { Status = Status(set, pods, revision), Changes = changes, Events = events, Reason = $"{pods.Count} of {wanted} pods" };
    }

    /// <summary>The number after the name; a pod that somebody else made has none.</summary>
    private static int Ordinal(JsonObject set, JsonObject pod) =>
        int.TryParse(pod.Name().AsSpan(Math.Min(pod.Name().Length, set.Name().Length + 1)), CultureInfo.InvariantCulture, out var ordinal) ? ordinal : -1;

    private static void Keep(
        JsonObject set, JsonObject? pod, int ordinal, string revision, List<Change> changes, List<ObjectEvent> events)
    {
        if (pod is null)
        {
            foreach (var claim in Claims(set, ordinal))
            {
                changes.Add(new Change.Create(Kinds.PersistentVolumeClaim, claim));
            }

            var made = Build(set, ordinal, revision);
            changes.Add(new Change.Create(Kinds.Pod, made));
            events.Add(new ObjectEvent("Normal", "SuccessfulCreate", $"create Pod {made.Name()} in StatefulSet {set.Name()} successful"));
        }
        else if (!pod.IsBeingDeleted() && !pod.IsActive())
        {
            changes.Add(new Change.Delete(Kinds.Pod, pod.Key(), pod.Uid()));
        }
    }

    /// <summary>Scales down from the highest ordinal; then replaces pods of an older template, one at a time.</summary>
    private static void TakeDown(
        JsonObject set, Dictionary<int, JsonObject> byOrdinal, int wanted, string revision, List<Change> changes, List<ObjectEvent> events)
    {
        if (changes.Count > 0 || byOrdinal.Values.Any(pod => pod.IsBeingDeleted()))
        {
            return;
        }

        var surplus = byOrdinal.Where(pair => pair.Key >= wanted).OrderByDescending(pair => pair.Key).Select(pair => pair.Value).FirstOrDefault();
        var partition = set.Integer("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
        var isRolling = set.Text("spec", "updateStrategy", "type") is null or "RollingUpdate" && byOrdinal.Values.All(pod => pod.IsReady());
        var outdated = isRolling
            ? byOrdinal.Where(pair => pair.Key >= partition && pair.Value.Label(RevisionLabel) != revision)
                .OrderByDescending(pair => pair.Key).Select(pair => pair.Value).FirstOrDefault()
            : null;
        if ((surplus ?? outdated) is { } pod)
        {
            changes.Add(new Change.Delete(Kinds.Pod, pod.Key(), pod.Uid()));
            events.Add(new ObjectEvent("Normal", "SuccessfulDelete", $"delete Pod {pod.Name()} in StatefulSet {set.Name()} successful"));
        }
    }

    private static JsonObject Build(JsonObject set, int ordinal, string revision)
    {
        var template = set.Object("spec", "template")!.Copy();
        var name = string.Create(CultureInfo.InvariantCulture, $"{set.Name()}-{ordinal}");
        var metadata = new JsonObject { ["name"] = name, ["namespace"] = set.Namespace() };
        var labels = (template.Object("metadata", "labels") ?? []).Copy();
        labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(CultureInfo.InvariantCulture);
        labels[RevisionLabel] = revision;
        labels["statefulset.kubernetes.io/pod-name"] = name;
        metadata["labels"] = labels;
        if (template.Object("metadata", "annotations") is { } annotations)
        {
            metadata["annotations"] = annotations.Copy();
        }

        metadata["ownerReferences"] = new JsonArray(DeploymentReconciler.Owner(set, "apps/v1", "StatefulSet"));
        var spec = template.Object("spec") ?? [];
        spec = spec.Copy();
        spec["hostname"] = name;
        if (set.Text("spec", "serviceName") is { Length: > 0 } service)
        {
            spec["subdomain"] = service;
        }

        Mount(set, spec, ordinal);
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = metadata, ["spec"] = spec };
    }

    /// <summary>A volume per claim template; it takes the place of one of the same name in the pod template.</summary>
    private static void Mount(JsonObject set, JsonObject spec, int ordinal)
    {
        var claims = set.Objects("spec", "volumeClaimTemplates").Select(claim => claim.Name()).ToList();
        if (claims.Count == 0)
        {
            return;
        }

        var volumes = new JsonArray();
        foreach (var claim in claims)
        {
            volumes.Add((JsonNode)new JsonObject
            {
                ["name"] = claim,
                ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = ClaimName(set, claim, ordinal) },
            });
        }

        foreach (var volume in spec.Objects("volumes").Where(volume => !claims.Contains(volume.Text("name") ?? "")))
        {
            volumes.Add(volume.DeepClone());
        }

        spec["volumes"] = volumes;
    }

    private static IEnumerable<JsonObject> Claims(JsonObject set, int ordinal)
    {
        foreach (var template in set.Objects("spec", "volumeClaimTemplates"))
        {
            var claim = template.Copy();
            claim["apiVersion"] = "v1";
            claim["kind"] = "PersistentVolumeClaim";
            claim.Remove("status");
            var metadata = claim.Ensure("metadata");
            metadata["name"] = ClaimName(set, template.Name(), ordinal);
            metadata["namespace"] = set.Namespace();
            var labels = claim.Ensure("metadata", "labels");
            foreach (var (key, value) in set.Object("spec", "selector", "matchLabels") ?? [])
            {
                labels[key] = value?.DeepClone();
            }

            yield return claim;
        }
    }

    private static string ClaimName(JsonObject set, string claim, int ordinal) =>
        string.Create(CultureInfo.InvariantCulture, $"{claim}-{set.Name()}-{ordinal}");

    private static JsonObject Status(JsonObject set, IReadOnlyList<JsonObject> pods, string revision)
    {
        var live = pods.Where(pod => !pod.IsBeingDeleted()).ToList();
        var ready = live.Count(pod => pod.IsReady());
        var updated = live.Count(pod => pod.Label(RevisionLabel) == revision);
        var isComplete = updated == live.Count;
        var status = new JsonObject
        {
            ["observedGeneration"] = set.Integer("metadata", "generation") ?? 0,
            ["replicas"] = live.Count,
            ["availableReplicas"] = ready,
            ["currentRevision"] = isComplete ? revision : set.Text("status", "currentRevision") ?? revision,
            ["updateRevision"] = revision,
            ["collisionCount"] = 0,
        };
        if (ready > 0)
        {
            status["readyReplicas"] = ready;
        }

        if (updated > 0)
        {
            status["currentReplicas"] = updated;
            status["updatedReplicas"] = updated;
        }

        return status;
    }
}
