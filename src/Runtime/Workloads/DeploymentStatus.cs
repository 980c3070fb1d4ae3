using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Workloads;

/// <summary>The status of a Deployment from its ReplicaSets. As kubernetes pkg/controller/deployment/{sync,progress}.go.</summary>
internal static class DeploymentStatus
{
    public static JsonObject Of(
        JsonObject deployment, JsonObject? current, IReadOnlyList<JsonObject> old, int maxUnavailable, DateTimeOffset now, out DateTimeOffset? wakeAt)
    {
        List<JsonObject> all = current is null ? [.. old] : [.. old, current];
        var counts = new Counts(
            (int)(deployment.Integer("spec", "replicas") ?? 1),
            all.Sum(one => Count(one, "replicas")),
            current is null ? 0 : Count(current, "replicas"),
            all.Sum(one => Count(one, "readyReplicas")),
            all.Sum(one => Count(one, "availableReplicas")));
        var status = new JsonObject { ["observedGeneration"] = deployment.Integer("metadata", "generation") ?? 0 };
        Put(status, "replicas", counts.Replicas);
        Put(status, "updatedReplicas", counts.Updated);
        Put(status, "readyReplicas", counts.Ready);
        Put(status, "availableReplicas", counts.Available);
        Put(status, "unavailableReplicas", Math.Max(0, all.Sum(one => (int)(one.Integer("spec", "replicas") ?? 1)) - counts.Available));
        var conditions = new JsonArray(counts.Available >= counts.Wanted - maxUnavailable
            ? Condition(deployment, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
            : Condition(deployment, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now));
        if (Progressing(deployment, current, counts, now, out wakeAt) is { } progressing)
        {
            conditions.Add((JsonNode)progressing);
        }

        if (all.Select(one => one.Condition("ReplicaFailure")).FirstOrDefault(one => one.Text("status") == "True") is { } failure)
        {
            conditions.Add((JsonNode)Condition(deployment, "ReplicaFailure", "True", failure.Text("reason") ?? "", failure.Text("message") ?? "", now));
        }

        status["conditions"] = conditions;
        return status;
    }

    private static JsonObject? Progressing(JsonObject deployment, JsonObject? current, Counts counts, DateTimeOffset now, out DateTimeOffset? wakeAt)
    {
        wakeAt = null;
        var known = deployment.Condition("Progressing");
        if (deployment.Flag("spec", "paused"))
        {
            return Condition(deployment, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", now);
        }

        var subject = current is null ? $"Deployment \"{deployment.Name()}\"" : $"ReplicaSet \"{current.Name()}\"";
        if (counts.Updated == counts.Wanted && counts.Replicas == counts.Wanted && counts.Available >= counts.Wanted)
        {
            return Condition(deployment, "Progressing", "True", "NewReplicaSetAvailable", $"{subject} has successfully progressed.", now);
        }

        var hasMoved = counts.Updated > Count(deployment, "updatedReplicas") || counts.Ready > Count(deployment, "readyReplicas")
            || counts.Available > Count(deployment, "availableReplicas") || counts.Replicas < Count(deployment, "replicas");
        if (known is null)
        {
            return current is null
                ? null
                : Condition(deployment, "Progressing", "True", "NewReplicaSetCreated", $"Created new replica set \"{current.Name()}\"", now);
        }

        if (hasMoved || known.Text("reason") == "DeploymentPaused")
        {
            var moved = Condition(deployment, "Progressing", "True", "ReplicaSetUpdated", $"{subject} is progressing.", now);
            moved["lastUpdateTime"] = WorkloadConditions.Stamp(now);
            return moved;
        }

        // A rollout that had completed and lost a replica is not late: the deadline counts for rollouts only.
        if (known.Text("reason") == "NewReplicaSetAvailable" && current is not null && known.Text("message") == $"{subject} has successfully progressed.")
        {
            return known.Copy();
        }

        var deadline = (known.Time("lastUpdateTime") ?? now) + TimeSpan.FromSeconds(deployment.Integer("spec", "progressDeadlineSeconds") ?? 600);
        if (now < deadline)
        {
            wakeAt = deadline;
            return known.Text("status") == "False"
                ? known.Copy()
                : Condition(deployment, "Progressing", "True", "ReplicaSetUpdated", $"{subject} is progressing.", now);
        }

        return Condition(deployment, "Progressing", "False", "ProgressDeadlineExceeded", $"{subject} has timed out progressing.", now);
    }

    private static JsonObject Condition(JsonObject deployment, string type, string status, string reason, string message, DateTimeOffset now) =>
        WorkloadConditions.Condition(deployment.Condition(type), type, status, reason, message, now);

    private static int Count(JsonObject subject, string field) => (int)(subject.Integer("status", field) ?? 0);

    private static void Put(JsonObject status, string field, int count)
    {
        if (count > 0)
        {
            status[field] = count;
        }
    }

    private sealed record Counts(int Wanted, int Replicas, int Updated, int Ready, int Available);
}
