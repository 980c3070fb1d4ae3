using Hikigane.Kit;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Server;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.Server;

public sealed class RetentionLoopTests
{
    [Fact]
    public async Task Old_events_go_when_their_time_has_come_and_not_before()
    {
        var stop = TestContext.Current.CancellationToken;
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero));
        await using var ledger = SqliteLedger.InMemory(time, new LedgerOptions { Retention = new Retention { Age = TimeSpan.FromMinutes(1) } });
        var pruned = new PruneSignal(ledger);
        var received = SomeEvent.Of("e1", time.GetUtcNow());
        await ledger.RecordAsync(new Delivery { Event = received, Outcome = DeliveryOutcome.NoMatch, DecidedAt = time.GetUtcNow() }, stop);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var loop = new RetentionLoop(pruned, time, NullLogger<RetentionLoop>.Instance).RunAsync(ending.Token);

        var first = pruned.Next();
        time.Advance(RetentionLoop.Interval);
        Assert.Equal(0, await first.WaitAsync(stop));
        Assert.Single(ledger.Reader.List(new LedgerQuery()));

        var second = pruned.Next();
        time.Advance(RetentionLoop.Interval + RetentionLoop.Interval);
        Assert.Equal(1, await second.WaitAsync(stop));
        Assert.Empty(ledger.Reader.List(new LedgerQuery()));

        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loop);
    }

    /// <summary>A ledger that tells when a sweep is over.</summary>
    private sealed class PruneSignal(SqliteLedger inner) : ForwardingLedger(inner)
    {
        private TaskCompletionSource<int> next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<int> Next() => (next = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public override async Task<int> PruneAsync(DateTimeOffset now, CancellationToken cancellationToken)
        {
            var removed = await base.PruneAsync(now, cancellationToken);
            next.TrySetResult(removed);
            return removed;
        }
    }
}
