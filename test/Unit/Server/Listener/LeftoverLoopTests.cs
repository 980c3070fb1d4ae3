using Hikigane.Kit;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Server.Listener;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.Server.Listener;

public sealed class LeftoverLoopTests : IAsyncDisposable
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly SqliteLedger file = SqliteLedger.InMemory(TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => file.DisposeAsync();

    [Fact]
    public async Task In_a_ledger_of_its_own_a_process_takes_up_everything_at_once()
    {
        var left = await AppendAsync();

        Assert.Equal([left.EventId], Ids(await Replica(file, "a", Never).Leftovers.FirstAsync(Stop)));
    }

    [Fact]
    public async Task Of_replicas_that_find_an_event_left_behind_one_has_it()
    {
        var left = await AppendAsync();
        var replicas = Enumerable.Range(0, 8).Select(n => Replica(new Shared(file), $"r{n}", Never)).ToList();

        var early = await Task.WhenAll(replicas.Select(replica => replica.Leftovers.FirstAsync(Stop)));
        time.Advance(LeftoverLoop.LeftAfter + TimeSpan.FromMilliseconds(1));
        var late = await Task.WhenAll(replicas.Select(replica => replica.Leftovers.FirstAsync(Stop)));

        Assert.All(early, Assert.Empty);
        Assert.Equal([left.EventId], late.SelectMany(Ids));
    }

    [Fact]
    public async Task What_a_replica_is_at_is_left_to_it_until_it_is_gone()
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var received = await AppendAsync();
        var busy = Replica(new Shared(file), "busy", Never);
        var other = Replica(new Shared(file), "other", Never);
        await busy.Decisions.AddAsync(received, Stop);
        var keeping = busy.Leftovers.RunAsync(ending.Token);
        await LeasedAsync(until: 80);
        time.Advance(LeftoverLoop.LeftAfter - LeftoverLoop.Interval);
        await LeasedAsync(until: 100);

        Assert.Empty(await other.Leftovers.FirstAsync(Stop));

        await ending.CancelAsync();
        await keeping;
        time.Advance(LeftoverLoop.Lease - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await other.Leftovers.FirstAsync(Stop));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([received.EventId], Ids(await other.Leftovers.FirstAsync(Stop)));

        // Time passes in steps of the timer until the lease reaches so many seconds after the start.
        async Task LeasedAsync(int until)
        {
            var (wanted, steps) = (received.ReceivedAt.AddSeconds(until).ToUnixTimeMilliseconds(), 0);
            await Until.HoldsAsync(
                () =>
                {
                    if (time.GetUtcNow() < received.ReceivedAt.AddSeconds(until) - LeftoverLoop.Lease && steps++ < 100)
                    {
                        time.Advance(LeftoverLoop.Interval);
                    }

                    return file.Reader.Read("SELECT max(until) FROM leases WHERE 1 = 1", [], "", row => row.IsDBNull(0) ? 0 : row.GetInt64(0))[0] >= wanted;
                }, Stop);
        }
    }

    private static IEnumerable<string> Ids(IReadOnlyList<ReceivedEvent> events) => events.Select(one => one.EventId);

    private static Task<Delivery> Never(ReceivedEvent received, CancellationToken cancellationToken) => new TaskCompletionSource<Delivery>().Task;

    private async Task<ReceivedEvent> AppendAsync()
    {
        var received = SomeEvent.Of(Guid.NewGuid().ToString(), time.GetUtcNow());
        await file.AppendAsync(received, Stop);
        return received;
    }

    private (LeftoverLoop Leftovers, DecisionLoop Decisions) Replica(
        ILedger ledger, string holder, Func<ReceivedEvent, CancellationToken, Task<Delivery>> decide)
    {
        var decisions = new DecisionLoop(decide, ledger, time, NullLogger<DecisionLoop>.Instance);
        var parts = new EndpointParts
        {
            Options = new SinkOptions { Name = "el", Namespace = "default" },
            Objects = null!,
            Ledger = ledger,
            Decisions = decisions,
            Progress = null!,
            Door = null!,
            Metrics = null!,
            Waits = null!,
            Time = time,
        };
        return (new LeftoverLoop(parts, holder), decisions);
    }

    private sealed class Shared(SqliteLedger inner) : ForwardingLedger(inner)
    {
        public override bool IsShared => true;
    }
}
