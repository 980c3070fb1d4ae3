using Hikigane.Kit;
using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Server.Listener;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.Server.Listener;

public sealed class DecisionLoopTests : IAsyncDisposable
{
    private const string EventId = "8c1b4f0e-51f5-4a4d-9d7e-2b54d3a1f7aa";

    private readonly CountingTime time = new();
    private readonly SqliteLedger ledger = SqliteLedger.InMemory(TimeProvider.System);
    private readonly TaskCompletionSource<Delivery> decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim attempted = new(0);
    private int attempts;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync()
    {
        attempted.Dispose();
        return ledger.DisposeAsync();
    }

    [Fact]
    public async Task A_transient_failure_of_the_API_is_tried_again_after_growing_pauses()
    {
        var loop = await StartAsync(received => attempts < 3 ? throw Busy() : Fired(received));
        await attempted.WaitAsync(Stop);
        await AdvanceAsync(1, TimeSpan.FromMilliseconds(100));
        await attempted.WaitAsync(Stop);
        await AdvanceAsync(2, TimeSpan.FromMilliseconds(200));

        var delivery = await decided.Task.WaitAsync(Stop);

        Assert.Equal(DeliveryOutcome.Fired, delivery.Outcome);
        Assert.Equal(3, delivery.Attempt);
        Assert.Equal([1, 2], ledger.Reader.Attempts(EventId).Select(attempt => attempt.Attempt));
        Assert.Null(ledger.Reader.Find(EventId)!.DeadLetter);
        await loop.EndAsync();
    }

    [Fact]
    public async Task Another_process_goes_on_with_the_attempts_where_the_first_one_was()
    {
        var first = await StartAsync(_ => throw Busy());
        await attempted.WaitAsync(Stop);
        await PostponedAsync(1);
        await first.EndAsync();
        var left = ledger.Reader.Pending("default", "el");

        attempts = 0;
        var second = new DecisionLoop((received, _) => Task.FromResult(Fired(received)), ledger, time, NullLogger<DecisionLoop>.Instance) { Decided = decided.SetResult };
        var running = second.RunAsync(left, Stop);
        Assert.False(decided.Task.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Equal(2, (await decided.Task.WaitAsync(Stop)).Attempt);
        second.Complete();
        await running;
    }

    [Fact]
    public async Task What_cannot_be_decided_becomes_a_dead_letter_that_says_why()
    {
        var loop = await StartAsync(_ => throw new InvalidOperationException("broken"));

        var delivery = await decided.Task.WaitAsync(Stop);

        Assert.Equal("undecided", Assert.Single(delivery.Triggers).Cause);
        Assert.Contains("broken", ledger.Reader.Find(EventId)!.DeadLetter!.Reason, StringComparison.Ordinal);
        await loop.EndAsync();
    }

    [Fact]
    public async Task What_the_API_refuses_for_good_is_a_dead_letter_too()
    {
        var loop = await StartAsync(received => new Delivery
        {
            Event = received,
            Outcome = DeliveryOutcome.Error,
            Triggers = [new TriggerVerdict { Namespace = "default", Name = "push", Outcome = TriggerOutcome.Error, Cause = "create.forbidden", Message = "no" }],
        });

        await decided.Task.WaitAsync(Stop);

        Assert.Equal("no", ledger.Reader.Find(EventId)!.DeadLetter!.Reason);
        await loop.EndAsync();
    }

    [Fact]
    public void Pauses_double_up_to_a_minute_and_last_a_quarter_of_an_hour_together()
    {
        var pauses = Enumerable.Range(1, DecisionLoop.MostAttempts - 1).Select(DecisionLoop.PauseAfter).ToList();

        Assert.Equal([100, 200, 400], pauses.Take(3).Select(pause => (int)pause.TotalMilliseconds));
        Assert.Equal(TimeSpan.FromMinutes(1), pauses[^1]);
        Assert.InRange(pauses.Aggregate(TimeSpan.Zero, (sum, pause) => sum + pause), TimeSpan.FromMinutes(14), TimeSpan.FromMinutes(16));
    }

    private async Task<Running> StartAsync(Func<ReceivedEvent, Delivery> decide)
    {
        var received = SomeEvent.Of(EventId, DateTimeOffset.UnixEpoch);
        await ledger.AppendAsync(received, Stop);
        var loop = new DecisionLoop(
            (one, _) =>
            {
                attempts++;
                attempted.Release();
                return Task.FromResult(decide(one));
            },
            ledger, time, NullLogger<DecisionLoop>.Instance)
        {
            Decided = decided.SetResult,
        };
        var running = loop.RunAsync([], Stop);
        await loop.AddAsync(received, Stop);
        return new Running(loop, running);
    }

    /// <summary>The pause begins once the ledger knows of it; only then may the clock go on.</summary>
    private async Task AdvanceAsync(int attempt, TimeSpan pause)
    {
        await PostponedAsync(attempt);
        time.Advance(pause);
    }

    private Task PostponedAsync(int attempt) =>
        Until.HoldsAsync(() => ledger.Reader.Attempts(EventId).Count >= attempt && time.Timers >= attempt, Stop);

    private static KubeException Busy() => new(503, "ServiceUnavailable", "busy");

    private static Delivery Fired(ReceivedEvent received) => new() { Event = received, Outcome = DeliveryOutcome.Fired };

    /// <summary>Says how many timers were ever armed: the clock may go on when the pause has begun.</summary>
    private sealed class CountingTime : FakeTimeProvider
    {
        private int timers;

        public int Timers => Volatile.Read(ref timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref timers);
            return timer;
        }
    }

    private sealed record Running(DecisionLoop Loop, Task Ended)
    {
        public Task EndAsync()
        {
            Loop.Complete();
            return Ended;
        }
    }
}
