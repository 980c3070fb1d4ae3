using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Runtime.Workloads;

/// <summary>
/// Deployment → ReplicaSets: one per pod template, scaled so that a rollout keeps within <c>maxSurge</c> and <c>maxUnavailable</c>.
/// As kubernetes pkg/controller/deployment.
/// </summary>
public static class DeploymentReconciler
{
    private const string Revision = "deployment.kubernetes.io/revision";
    private const string HashLabel = "pod-template-hash";

    /// <summary>Decides what follows for a Deployment from the ReplicaSets that it owns.</summary>
    public static Plan Reconcile(JsonObject deployment, IReadOnlyList<JsonObject> replicaSets, DateTimeOffset now)
    {
        if (deployment.IsBeingDeleted() || deployment.Object("spec", "template") is not { } template)
        {
            return Plan.Nothing;
        }

        var hash = TemplateHash.Of(template);
        var current = replicaSets.FirstOrDefault(one => one.Name() == $"{deployment.Name()}-{hash}");
        var old = replicaSets.Where(one => one != current).OrderBy(RevisionOf).ToList();
        var revision = current is not null && old.All(one => RevisionOf(one) < RevisionOf(current))
            ? RevisionOf(current)
            : old.Select(RevisionOf).DefaultIfEmpty(0).Max() + 1;
        var isPaused = deployment.Flag("spec", "paused");
        var rollout = new Rollout(deployment, current, old, now);
        if (!isPaused || current is not null)
        {
            rollout.Revise(hash, revision, isPaused);
        }

        return rollout.Decide(revision, isPaused);
    }

    /// <summary>What is written when the API refuses the ReplicaSet that <paramref name="plan"/> makes; null when it makes none.</summary>
    public static Plan? Refused(JsonObject deployment, Plan plan, string message, DateTimeOffset now) =>
        plan.Changes.OfType<Change.Create>().FirstOrDefault() is not { } refused ? null : new Plan
        {
            Status = new DeploymentStatus(deployment, null, now).Refused(refused.Manifest.Name(), message),
            Events = [new ObjectEvent("Warning", "ReplicaSetCreateError", $"Failed to create new replica set \"{refused.Manifest.Name()}\": {message}")],
            Reason = message,
        };

    private static long RevisionOf(JsonObject subject) =>
        long.TryParse(subject.Annotation(Revision), CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    private static int Wanted(JsonObject subject) => (int)(subject.Integer("spec", "replicas") ?? 1);

    private static int Count(JsonObject subject, string field) => (int)(subject.Integer("status", field) ?? 0);

    /// <summary>One decision under way: collects changes and events. Used by one call and dropped.</summary>
    private sealed class Rollout(JsonObject deployment, JsonObject? current, IReadOnlyList<JsonObject> old, DateTimeOffset now)
    {
        private readonly List<Change> changes = [];
        private readonly List<ObjectEvent> events = [];
        private readonly int wanted = Wanted(deployment);

        private bool IsRecreate => deployment.Text("spec", "strategy", "type") == "Recreate";

        private int MaxSurge => IsRecreate ? 0 : Share("maxSurge", roundUp: true);

        private int MaxUnavailable =>
            IsRecreate ? 0 : Share("maxUnavailable", roundUp: false) is var share && share == 0 && MaxSurge == 0 ? 1 : Math.Min(share, wanted);

        /// <summary>Makes or scales the ReplicaSet of the current template, and takes the older ones down as it comes up.</summary>
        public void Revise(string hash, long revision, bool isPaused)
        {
            if (current is null)
            {
                if (!IsRecreate || old.All(one => Wanted(one) == 0 && Count(one, "replicas") == 0))
                {
                    var first = Math.Max(0, Math.Min(wanted, wanted + MaxSurge - old.Sum(Wanted)));
                    changes.Add(new Change.Create(Kinds.ReplicaSet, Build(hash, revision, first)));
                    Scaled("up", $"{deployment.Name()}-{hash}", 0, first);
                }
            }
            else
            {
                var room = wanted + MaxSurge - old.Sum(Wanted);
                var next = Wanted(current) > wanted || old.Count == 0 || isPaused
                    ? wanted
                    : Math.Max(Wanted(current), Math.Min(wanted, room));
                Scale(current, next, revision);
            }

            if (!isPaused)
            {
                ScaleDownOld();
                DropHistory();
            }
        }

        public Plan Decide(long revision, bool isPaused)
        {
            var made = changes.OfType<Change.Create>().Select(change => change.Manifest).FirstOrDefault();
            if ((current ?? made) is not null && RevisionOf(deployment) != revision && !isPaused)
            {
                changes.Add(new Change.Patch(Kinds.Deployment, deployment.Key(), new JsonObject
                {
                    ["metadata"] = new JsonObject
                    {
                        ["annotations"] = new JsonObject { [Revision] = revision.ToString(CultureInfo.InvariantCulture) },
                    },
                }));
                if (made is null)
                {
                    // The patch moves the object on; its own change wakes us for the status.
                    return new Plan { Changes = changes, Events = events, Reason = $"revision {revision}" };
                }
            }

            var status = new DeploymentStatus(deployment, current, now);
            if (made is not null)
            {
                // Its own change wakes us for the counts.
                return new Plan { Status = status.Created(made.Name()), Changes = changes, Events = events, Reason = $"new replica set {made.Name()}" };
            }

            var counted = status.Counted(old, MaxUnavailable, out var wakeAt);
            return new Plan { Status = counted, Changes = changes, Events = events, WakeAt = wakeAt, Reason = "rollout" };
        }

        private void ScaleDownOld()
        {
            var live = old.Where(one => Wanted(one) > 0).ToList();
            if (live.Count == 0)
            {
                return;
            }

            if (IsRecreate)
            {
                live.ForEach(one => Scale(one, 0, null));
                return;
            }

            var newUnavailable = current is null ? 0 : Wanted(current) - Count(current, "availableReplicas");
            var total = live.Sum(Wanted) + (current is null ? 0 : Wanted(current));
            var budget = current is null ? 0 : total - (wanted - MaxUnavailable) - newUnavailable;

            // Replicas that do not serve go first: taking them away costs nothing.
            foreach (var one in live)
            {
                var dead = Math.Min(Wanted(one) - Count(one, "availableReplicas"), Math.Max(0, budget));
                var serving = Math.Max(0, Math.Min(Wanted(one) - dead, budget - dead));
                if (dead + serving > 0)
                {
                    Scale(one, Wanted(one) - dead - serving, null);
                    budget -= dead + serving;
                }
            }
        }

        private void DropHistory()
        {
            var keep = (int)(deployment.Integer("spec", "revisionHistoryLimit") ?? 10);
            var idle = old.Where(one => Wanted(one) == 0 && Count(one, "replicas") == 0 && !one.IsBeingDeleted()).ToList();
            foreach (var one in idle.Take(Math.Max(0, idle.Count - keep)))
            {
                changes.Add(new Change.Delete(Kinds.ReplicaSet, one.Key(), one.Uid()));
            }
        }

        private void Scale(JsonObject replicaSet, int to, long? revision)
        {
            var from = Wanted(replicaSet);
            if (from == to && (revision is null || RevisionOf(replicaSet) == revision))
            {
                return;
            }

            var annotations = Annotations(revision ?? RevisionOf(replicaSet));
            changes.Add(new Change.Patch(Kinds.ReplicaSet, replicaSet.Key(), new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = annotations },
                ["spec"] = new JsonObject { ["replicas"] = to },
            }));
            Scaled(to > from ? "up" : "down", replicaSet.Name(), from, to);
        }

        private void Scaled(string direction, string name, int from, int to)
        {
            if (from != to)
            {
                events.Add(new ObjectEvent("Normal", "ScalingReplicaSet", $"Scaled {direction} replica set {name} from {from} to {to}"));
            }
        }

        private JsonObject Annotations(long revision) => new()
        {
            ["deployment.kubernetes.io/desired-replicas"] = wanted.ToString(CultureInfo.InvariantCulture),
            ["deployment.kubernetes.io/max-replicas"] = (wanted + MaxSurge).ToString(CultureInfo.InvariantCulture),
            [Revision] = revision.ToString(CultureInfo.InvariantCulture),
        };

        private JsonObject Build(string hash, long revision, int replicas)
        {
            var template = deployment.Object("spec", "template")!.Copy();
            template.Ensure("metadata", "labels")[HashLabel] = hash;
            var selector = (deployment.Object("spec", "selector") ?? []).Copy();
            selector.Ensure("matchLabels")[HashLabel] = hash;
            return new JsonObject
            {
                ["apiVersion"] = "apps/v1",
                ["kind"] = "ReplicaSet",
                ["metadata"] = new JsonObject
                {
                    ["name"] = $"{deployment.Name()}-{hash}",
                    ["namespace"] = deployment.Namespace(),
                    ["labels"] = template.Object("metadata", "labels")!.Copy(),
                    ["annotations"] = Annotations(revision),
                    ["ownerReferences"] = new JsonArray(Owner(deployment, "apps/v1", "Deployment")),
                },
                ["spec"] = new JsonObject
                {
                    ["replicas"] = replicas,
                    ["minReadySeconds"] = deployment.Integer("spec", "minReadySeconds") ?? 0,
                    ["selector"] = selector,
                    ["template"] = template,
                },
            };
        }

        private int Share(string field, bool roundUp)
        {
            var value = deployment.At("spec", "strategy", "rollingUpdate", field);
            if (value.Integer() is { } number)
            {
                return (int)number;
            }

            var percent = double.TryParse((value.Text() ?? "25%").TrimEnd('%'), CultureInfo.InvariantCulture, out var parsed) ? parsed : 25;
            var share = wanted * percent / 100;
            return (int)(roundUp ? Math.Ceiling(share) : Math.Floor(share));
        }
    }

    /// <summary>The owner reference of a workload; lists do not always carry kind and version on their items.</summary>
    internal static JsonObject Owner(JsonObject owner, string apiVersion, string kind)
    {
        var reference = owner.OwnerReference();
        reference["apiVersion"] = apiVersion;
        reference["kind"] = kind;
        return reference;
    }
}
