using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;
using Hikigane.Runtime.Workloads;

namespace Hikigane.Unit.Runtime.Workloads;

public sealed class DeploymentReconcilerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void A_new_deployment_makes_one_replica_set_named_by_its_template()
    {
        var plan = DeploymentReconciler.Reconcile(Deployment("a"), [], Now);

        var made = Assert.Single(plan.Changes.OfType<Change.Create>()).Manifest;
        Assert.StartsWith("lamp-", made.Name());
        Assert.Equal(made.Label("pod-template-hash"), made.Name()["lamp-".Length..]);
        Assert.Equal(2, made.Integer("spec", "replicas"));
    }

    [Fact]
    public void Deciding_twice_makes_the_same_replica_set()
    {
        var first = DeploymentReconciler.Reconcile(Deployment("a"), [], Now).Changes.OfType<Change.Create>().Single();
        var second = DeploymentReconciler.Reconcile(Deployment("a"), [], Now.AddHours(1)).Changes.OfType<Change.Create>().Single();

        Assert.Equal(first.Manifest.Name(), second.Manifest.Name());
    }

    [Fact]
    public void A_changed_template_comes_up_before_the_old_one_goes()
    {
        var old = DeploymentReconciler.Reconcile(Deployment("a"), [], Now).Changes.OfType<Change.Create>().Single().Manifest;
        old["status"] = new JsonObject { ["replicas"] = 2, ["readyReplicas"] = 2, ["availableReplicas"] = 2 };

        var plan = DeploymentReconciler.Reconcile(Deployment("b"), [old], Now);

        Assert.Equal(1, Assert.Single(plan.Changes.OfType<Change.Create>()).Manifest.Integer("spec", "replicas"));
        Assert.DoesNotContain(plan.Changes.OfType<Change.Patch>(), patch => patch.Type == Kinds.ReplicaSet);
    }

    [Fact]
    public void A_new_replica_set_is_told_before_its_pods_are_counted()
    {
        var plan = DeploymentReconciler.Reconcile(Deployment("a"), [], Now);

        Assert.Equal("NewReplicaSetCreated", Progressing(plan).Text("reason"));
        Assert.StartsWith("Created new replica set \"lamp-", Progressing(plan).Text("message"));
        Assert.Null(plan.Status!["replicas"]);
    }

    [Fact]
    public void A_replica_set_that_was_there_already_is_found()
    {
        var (deployment, set) = Rolled("a", null);

        Assert.Equal("FoundNewReplicaSet", Progressing(DeploymentReconciler.Reconcile(deployment, [set], Now)).Text("reason"));
    }

    [Fact]
    public void More_updated_replicas_are_progress()
    {
        var (deployment, set) = Rolled("a", "NewReplicaSetCreated");
        set["status"] = new JsonObject { ["replicas"] = 1 };

        var progressing = Progressing(DeploymentReconciler.Reconcile(deployment, [set], Now.AddMinutes(1)));

        Assert.Equal("ReplicaSetUpdated", progressing.Text("reason"));
        Assert.Equal("2026-01-02T03:05:05Z", progressing.Text("lastUpdateTime"));
        Assert.Equal("2026-01-02T03:04:05Z", progressing.Text("lastTransitionTime"));
    }

    [Fact]
    public void Going_back_to_the_replica_set_that_still_runs_is_no_progress()
    {
        var (deployment, set) = Rolled("a", "NewReplicaSetCreated");
        deployment["status"]!["replicas"] = 2;
        deployment["status"]!["updatedReplicas"] = 2;
        set["status"] = new JsonObject { ["replicas"] = 2 };

        Assert.Equal("NewReplicaSetCreated", Progressing(DeploymentReconciler.Reconcile(deployment, [set], Now)).Text("reason"));
    }

    [Theory]
    [InlineData(true, "ReplicaSetUpdated", "DeploymentPaused", "Unknown")]
    [InlineData(true, "DeploymentResumed", "DeploymentPaused", "Unknown")]
    [InlineData(false, "DeploymentPaused", "DeploymentResumed", "Unknown")]
    [InlineData(false, "DeploymentResumed", "DeploymentResumed", "True")]
    [InlineData(true, "ProgressDeadlineExceeded", "ProgressDeadlineExceeded", "True")]
    public void A_pause_and_its_end_are_told(bool isPaused, string before, string after, string status)
    {
        var (deployment, set) = Rolled("a", before);
        deployment["spec"]!["paused"] = isPaused;

        var progressing = Progressing(DeploymentReconciler.Reconcile(deployment, [set], Now));

        Assert.Equal((after, status), (progressing.Text("reason"), progressing.Text("status")));
    }

    [Fact]
    public void A_rollout_without_progress_is_late_after_its_deadline()
    {
        var (deployment, set) = Rolled("a", "ReplicaSetUpdated");

        var waiting = DeploymentReconciler.Reconcile(deployment, [set], Now.AddSeconds(600));
        Assert.Equal(Now.AddSeconds(601), waiting.WakeAt);
        Assert.Equal("ReplicaSetUpdated", Progressing(waiting).Text("reason"));

        var late = DeploymentReconciler.Reconcile(deployment, [set], Now.AddSeconds(601));
        Assert.Equal(("ProgressDeadlineExceeded", "False"), (Progressing(late).Text("reason"), Progressing(late).Text("status")));
        Assert.Null(late.WakeAt);
    }

    [Fact]
    public void A_complete_rollout_that_loses_a_replica_stays_complete()
    {
        var (deployment, set) = Rolled("a", "NewReplicaSetAvailable");
        set["status"] = new JsonObject { ["replicas"] = 1 };

        var plan = DeploymentReconciler.Reconcile(deployment, [set], Now.AddHours(1));

        Assert.Equal("NewReplicaSetAvailable", Progressing(plan).Text("reason"));
        Assert.Equal("MinimumReplicasUnavailable", plan.Status.Objects("conditions").Single(one => one.Text("type") == "Available").Text("reason"));
    }

    [Fact]
    public void A_refused_replica_set_is_told_with_the_words_of_the_API()
    {
        var plan = DeploymentReconciler.Reconcile(Deployment("a"), [], Now);

        var refused = DeploymentReconciler.Refused(Deployment("a"), plan, "no room", Now)!;

        Assert.Equal(("ReplicaSetCreateError", "False"), (Progressing(refused).Text("reason"), Progressing(refused).Text("status")));
        Assert.EndsWith(": no room", Progressing(refused).Text("message"));
    }

    private static JsonObject Progressing(Plan plan) => plan.Status.Objects("conditions").Single(one => one.Text("type") == "Progressing");

    /// <summary>A Deployment whose ReplicaSet is made, its revision noted.</summary>
    private static (JsonObject Deployment, JsonObject ReplicaSet) Rolled(string image, string? reason)
    {
        var deployment = Deployment(image);
        var set = DeploymentReconciler.Reconcile(deployment, [], Now).Changes.OfType<Change.Create>().Single().Manifest;
        deployment.Ensure("metadata", "annotations")["deployment.kubernetes.io/revision"] = "1";
        if (reason is not null)
        {
            deployment["status"] = new JsonObject
            {
                ["conditions"] = new JsonArray(new JsonObject
                {
                    ["type"] = "Progressing",
                    ["status"] = "True",
                    ["reason"] = reason,
                    ["message"] = "as before",
                    ["lastUpdateTime"] = "2026-01-02T03:04:05Z",
                    ["lastTransitionTime"] = "2026-01-02T03:04:05Z",
                }),
            };
        }

        return (deployment, set);
    }

    private static JsonObject Deployment(string image) => new()
    {
        ["apiVersion"] = "apps/v1",
        ["kind"] = "Deployment",
        ["metadata"] = new JsonObject { ["name"] = "lamp", ["namespace"] = "lamp-ci", ["uid"] = "u1" },
        ["spec"] = new JsonObject
        {
            ["replicas"] = 2,
            ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "lamp" } },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "lamp" } },
                ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = image }) },
            },
        },
    };
}
