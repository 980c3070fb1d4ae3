using System.Text.Json.Nodes;
using Hikigane.Resources.Reconcile;
using Hikigane.Resources.Yaml;
using Hikigane.Runtime.Workloads;

namespace Hikigane.Unit.Runtime.Workloads;

public sealed class ReplicaSetReconcilerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly JsonObject Set = YamlReader.ReadObject(
        "{metadata: {name: lamp, namespace: ns, uid: u}, spec: {replicas: 1, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}", out _)!;

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 20)]
    [InlineData(3, 40)]
    [InlineData(9, 300)]
    public void A_pod_that_fails_again_and_again_is_replaced_ever_more_slowly(int failures, int seconds)
    {
        var failed = Enumerable.Range(0, failures).Select(i => Failed(Now.AddSeconds(-i))).ToList();

        var waiting = ReplicaSetReconciler.Reconcile(Set, failed, Now.AddSeconds(seconds - 1));
        Assert.Empty(waiting.Changes);
        Assert.Equal(Now.AddSeconds(seconds), waiting.WakeAt);

        Assert.Single(ReplicaSetReconciler.Reconcile(Set, failed, Now.AddSeconds(seconds)).Changes.OfType<Change.Create>());
    }

    [Fact]
    public void A_failure_of_long_ago_is_forgotten() =>
        Assert.Single(ReplicaSetReconciler.Reconcile(Set, [.. Enumerable.Range(0, 9).Select(_ => Failed(Now.AddMinutes(-10)))], Now).Changes);

    private static JsonObject Failed(DateTimeOffset at) => YamlReader.ReadObject(
        $"{{metadata: {{name: lamp-x, namespace: ns}}, status: {{phase: Failed, conditions: [{{type: Ready, status: 'False', lastTransitionTime: '{at:yyyy-MM-ddTHH:mm:ssZ}'}}]}}}}", out _)!;
}
