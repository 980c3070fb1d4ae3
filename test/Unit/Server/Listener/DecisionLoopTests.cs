using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Server.Listener;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikigane.Unit.Server.Listener;

public sealed class DecisionLoopTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transient_failure_of_the_API_is_tried_again()
    {
        var attempts = 0;

        var delivery = await DecideAsync(received => ++attempts < 3
            ? throw new KubeException(503, "ServiceUnavailable", "busy")
            : new Delivery { Event = received, Outcome = DeliveryOutcome.Fired });

        Assert.Equal(3, attempts);
        Assert.Equal(DeliveryOutcome.Fired, delivery.Outcome);
        Assert.Equal(3, delivery.Attempt);
    }

    [Fact]
    public async Task What_cannot_be_decided_gets_a_verdict_that_says_so()
    {
        var delivery = await DecideAsync(_ => throw new InvalidOperationException("broken"));

        Assert.Equal("undecided", Assert.Single(delivery.Triggers).Cause);
        Assert.Contains("broken", delivery.Triggers[0].Message, StringComparison.Ordinal);
    }

    private static async Task<Delivery> DecideAsync(Func<ReceivedEvent, Delivery> decide)
    {
        var received = new ReceivedEvent
        {
            EventId = "8c1b4f0e-51f5-4a4d-9d7e-2b54d3a1f7aa",
            ListenerNamespace = "default",
            ListenerName = "el",
            ListenerUid = "u",
            ReceivedAt = DateTimeOffset.UnixEpoch,
            Method = "POST",
            Path = "/",
            Headers = [],
            Body = "{}"u8.ToArray(),
        };
        var time = new NoWaiting();
        await using var ledger = SqliteLedger.InMemory(time);
        await ledger.AppendAsync(received, Stop);
        var loop = new DecisionLoop((one, _) => Task.FromResult(decide(one)), ledger, time, NullLogger<DecisionLoop>.Instance);
        await loop.AddAsync(received, Stop);
        loop.Complete();
        await loop.RunAsync([], Stop);
        return ledger.Reader.Find(received.EventId)!;
    }

    /// <summary>Every pause is over at once.</summary>
    private sealed class NoWaiting : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
