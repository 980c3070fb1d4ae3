using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Workloads;

/// <summary>
/// The status of a Deployment from its ReplicaSets. As kubernetes pkg/controller/deployment/{sync,progress}.go: conditions that are there stay,
/// and one that says the same for the same reason is not written anew.
/// </summary>
internal sealed class DeploymentStatus
{
    /// <summary>A deadline of this many seconds is none.</summary>
    private const long NoDeadline = int.MaxValue;

    private readonly JsonObject deployment;
    private readonly JsonObject? current;
    private readonly DateTimeOffset now;
    private readonly List<JsonObject> conditions;

    public DeploymentStatus(JsonObject deployment, JsonObject? current, DateTimeOffset now)
    {
        (this.deployment, this.current, this.now) = (deployment, current, now);
        conditions = [.. deployment.Objects("status", "conditions").Select(one => one.Copy())];
        if (!HasDeadline)
        {
            conditions.RemoveAll(one => one.Text("type") == "Progressing");
            return;
        }

        NotePause();
        if (current is not null && Known("Progressing") is null)
        {
            Set("Progressing", "True", "FoundNewReplicaSet", $"Found new replica set \"{current.Name()}\"");
        }
    }

    private bool HasDeadline => (deployment.Integer("spec", "progressDeadlineSeconds") ?? 600) != NoDeadline;

    private bool IsPaused => deployment.Flag("spec", "paused");

    private string Subject => current is null ? $"Deployment \"{deployment.Name()}\"" : $"ReplicaSet \"{current.Name()}\"";

    /// <summary>
    /// The status of the moment in which the ReplicaSet <paramref name="name"/> is made. The counts stay those of before: whether the rollout
    /// moves is told by comparing with them.
    /// </summary>
    public JsonObject Created(string name)
    {
        Set("Progressing", "True", "NewReplicaSetCreated", $"Created new replica set \"{name}\"");
        return With((deployment.Object("status") ?? []).Copy());
    }

    /// <summary>The status after a ReplicaSet could not be made.</summary>
    public JsonObject Refused(string name, string message)
    {
        Set("Progressing", "False", "ReplicaSetCreateError", $"Failed to create new replica set \"{name}\": {message}");
        return With((deployment.Object("status") ?? []).Copy());
    }

    /// <summary>The status from the counts of all ReplicaSets.</summary>
    /// <param name="wakeAt">When the rollout will be late.</param>
    public JsonObject Counted(IReadOnlyList<JsonObject> old, int maxUnavailable, out DateTimeOffset? wakeAt)
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
        if (counts.Available >= counts.Wanted - maxUnavailable)
        {
            Set("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.");
        }
        else
        {
            Set("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.");
        }

        wakeAt = IsPaused || !HasDeadline ? null : Estimate(counts);
        TakeFailures(all);
        return With(status);
    }

    /// <summary>A pause stops the clock of the deadline, and its end starts it: neither is written over a rollout that was late already.</summary>
    private void NotePause()
    {
        var reason = Known("Progressing").Text("reason");
        if (reason == "ProgressDeadlineExceeded" || IsPaused == (reason == "DeploymentPaused"))
        {
            return;
        }

        if (IsPaused)
        {
            Set("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
        }
        else
        {
            Set("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
        }
    }

    /// <summary>Says whether the rollout is complete, moves or is late; otherwise leaves what was said, and returns when it will be late.</summary>
    private DateTimeOffset? Estimate(Counts counts)
    {
        var reason = Known("Progressing").Text("reason");
        if (counts.Replicas == counts.Updated && reason == "NewReplicaSetAvailable")
        {
            // A rollout that had completed and lost a replica is not late: the deadline counts for rollouts only.
            return null;
        }

        if (counts.Updated == counts.Wanted && counts.Replicas == counts.Wanted && counts.Available == counts.Wanted)
        {
            Set("Progressing", "True", "NewReplicaSetAvailable", $"{Subject} has successfully progressed.");
            return null;
        }

        if (HasMoved(counts))
        {
            var since = Known("Progressing") is { } known && known.Text("status") == "True" ? known.Text("lastTransitionTime") : null;
            conditions.RemoveAll(one => one.Text("type") == "Progressing");
            Set("Progressing", "True", "ReplicaSetUpdated", $"{Subject} is progressing.");
            conditions[^1]["lastTransitionTime"] = since ?? WorkloadConditions.Stamp(now);
        }

        if (Known("Progressing") is not { } progressing || progressing.Text("reason") is "ProgressDeadlineExceeded" or "NewReplicaSetAvailable")
        {
            return null;
        }

        var deadline = (progressing.Time("lastUpdateTime") ?? now) + TimeSpan.FromSeconds(deployment.Integer("spec", "progressDeadlineSeconds") ?? 600);
        if (now <= deadline)
        {
            return deadline + TimeSpan.FromSeconds(1);
        }

        Set("Progressing", "False", "ProgressDeadlineExceeded", $"{Subject} has timed out progressing.");
        return null;
    }

    private bool HasMoved(Counts counts) =>
        counts.Updated > Count(deployment, "updatedReplicas")
        || counts.Replicas - counts.Updated < Count(deployment, "replicas") - Count(deployment, "updatedReplicas")
        || counts.Ready > Count(deployment, "readyReplicas")
        || counts.Available > Count(deployment, "availableReplicas");

    /// <summary>Why pods are missing, as the ReplicaSets say it; the current one is heard first.</summary>
    private void TakeFailures(List<JsonObject> all)
    {
        var failure = all.AsEnumerable().Reverse().Select(one => one.Condition("ReplicaFailure")).FirstOrDefault(one => one is not null);
        if (failure is null)
        {
            conditions.RemoveAll(one => one.Text("type") == "ReplicaFailure");
            return;
        }

        Set("ReplicaFailure", failure.Text("status") ?? "True", failure.Text("reason") ?? "", failure.Text("message") ?? "");
    }

    private void Set(string type, string status, string reason, string message)
    {
        var known = Known(type);
        if (known is not null && known.Text("status") == status && known.Text("reason") == reason)
        {
            return;
        }

        conditions.RemoveAll(one => one.Text("type") == type);
        conditions.Add(WorkloadConditions.Condition(known, type, status, reason, message, now));
    }

    private JsonObject? Known(string type) => conditions.FirstOrDefault(one => one.Text("type") == type);

    private JsonObject With(JsonObject status)
    {
        status["conditions"] = new JsonArray([.. conditions.Select(one => one.Copy())]);
        return status;
    }

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
