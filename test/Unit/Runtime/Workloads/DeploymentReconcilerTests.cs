using System.Text.Json.Nodes;
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
        Assert.Empty(plan.Changes.OfType<Change.Patch>());
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
