using Hikigane.Kit;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.Kube;

public sealed class LeaderElectionTests
{
    private static readonly ObjectKey Lease = new("default", "lease");
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_stops_in_order_makes_room_at_once()
    {
        await using var api = await EmbeddedApi.InMemory(time);
        using var firstEnds = new CancellationTokenSource();
        using var secondEnds = new CancellationTokenSource();
        var first = new Replica(api, "first", time, firstEnds.Token);
        await first.Leads.Task.WaitAsync(cancellationToken);
        var second = new Replica(api, "second", time, secondEnds.Token);

        await firstEnds.CancelAsync();
        await first.Running;
        var waited = await AdvanceUntilAsync(second.Leads.Task, TimeSpan.FromSeconds(2));

        Assert.True(waited <= TimeSpan.FromSeconds(6), $"it took {waited}");
        Assert.False(first.Election.IsLeader);
        Assert.Equal("second", (await api.Kube.GetAsync(Kinds.Lease, "default", "lease", cancellationToken)).Text("spec", "holderIdentity"));
        await secondEnds.CancelAsync();
        await second.Running;
    }

    [Fact]
    public async Task Whoever_falls_silent_is_replaced_after_a_while_and_not_before()
    {
        await using var api = await EmbeddedApi.InMemory(time);
        await api.CreateAsync(Kinds.Lease, (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse("""
            {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "lease", "namespace": "default"},
             "spec": {"holderIdentity": "gone", "leaseDurationSeconds": 15, "renewTime": "2020-01-01T00:00:00.000000Z", "leaseTransitions": 3}}
            """)!);
        using var ends = new CancellationTokenSource();
        var replica = new Replica(api, "next", time, ends.Token);

        var waited = await AdvanceUntilAsync(replica.Leads.Task, TimeSpan.FromSeconds(2));

        // By its own clock from when it first looked: the clock of the one that is gone does not count.
        Assert.InRange(waited, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(22));
        Assert.Equal(4, (await api.Kube.GetAsync(Kinds.Lease, "default", "lease", cancellationToken)).Integer("spec", "leaseTransitions"));
        await ends.CancelAsync();
        await replica.Running;
    }

    /// <summary>Lets the clock run in steps until something has happened; how long that was.</summary>
    private async Task<TimeSpan> AdvanceUntilAsync(Task task, TimeSpan step)
    {
        var waited = TimeSpan.Zero;
        while (!task.IsCompleted && waited < TimeSpan.FromMinutes(2))
        {
            // What a step wakes runs on other threads; it is given its turn before the next one.
            for (var i = 0; i < 200 && !task.IsCompleted; i++)
            {
                await Task.Yield();
                Thread.SpinWait(1000);
            }

            time.Advance(step);
            waited += step;
        }

        await task.WaitAsync(cancellationToken);
        return waited;
    }

    private sealed class Replica
    {
        public Replica(EmbeddedApi api, string identity, TimeProvider time, CancellationToken ends)
        {
            Election = new LeaderElection(api.Kube, new LeaderOptions(Lease, identity), time, NullLogger<LeaderElection>.Instance);
            Running = Election.RunAsync(
                async token =>
                {
                    Leads.TrySetResult();
                    var end = new TaskCompletionSource();
                    await using var registration = token.Register(end.SetResult);
                    await end.Task;
                },
                ends);
        }

        public LeaderElection Election { get; }

        public TaskCompletionSource Leads { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Running { get; }
    }
}
