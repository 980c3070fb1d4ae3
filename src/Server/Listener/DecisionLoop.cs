using System.Collections.Concurrent;
using System.Threading.Channels;
using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Triggers.Verdicts;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Listener;

/// <summary>
/// Decides acknowledged events and writes their verdicts: several at a time, each at least once. Creation is idempotent, so an event that is
/// decided again after a crash has the effect of once. A failure of the API is tried again with growing pauses that the ledger knows of, so a
/// restart goes on where it was; what cannot succeed becomes a dead letter.
/// </summary>
public sealed partial class DecisionLoop(
    Func<ReceivedEvent, CancellationToken, Task<Delivery>> decide, ILedger ledger, TimeProvider time, ILogger<DecisionLoop> logger)
{
    // A worker waits for the API and for the ledger's commits most of its time, so there are many more than cores.
    private const int Workers = 64;

    /// <summary>About a quarter of an hour, with the pauses below.</summary>
    public const int MostAttempts = 24;

    private const int MostPostponed = 4096;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    // Bounded: senders wait for their turn instead of filling the memory. What waits is on disk already.
    private readonly Channel<Work> queue = Channel.CreateBounded<Work>(16 * 1024);
    private readonly ConcurrentDictionary<string, Task> postponed = new();

    // Holds no timer, so nothing has to be given back.
    private CancellationTokenSource Completing { get; } = new();

    /// <summary>Hears of every event that is decided, after its verdict is on disk. Must not throw and must not wait.</summary>
    public Action<Delivery>? Decided { get; init; }

    /// <summary>
    /// Events that some loop of this process works on. Replicas of a listener share it: each looks into the ledger for what was left
    /// undecided, and must not take what another one is at.
    /// </summary>
    public ConcurrentDictionary<string, Holding> InHand { get; init; } = new();

    /// <summary>Events that this loop has had since before a time.</summary>
    public IReadOnlyList<string> Held(DateTimeOffset before) =>
        [.. InHand.Where(pair => pair.Value.Loop == this && pair.Value.ReceivedAt < before).Select(pair => pair.Key)];

    /// <summary>Whether nothing waits, here or aside.</summary>
    public bool IsIdle => queue.Reader.Count == 0 && postponed.IsEmpty;

    /// <summary>The pause after an attempt: 0.1 s, doubled each time, up to a minute.</summary>
    public static TimeSpan PauseAfter(int attempt) => attempt > 10 || FirstPause * Math.Pow(2, attempt - 1) > LongestPause
        ? LongestPause : FirstPause * Math.Pow(2, attempt - 1);

    /// <summary>Hands over an event that is in the ledger.</summary>
    public ValueTask AddAsync(ReceivedEvent received, CancellationToken cancellationToken) =>
        InHand.TryAdd(received.EventId, new Holding(this, received.ReceivedAt)) ? queue.Writer.WriteAsync(new Work(received, Attempt: 1), cancellationToken) : ValueTask.CompletedTask;

    /// <summary>
    /// No further events will be added; <see cref="RunAsync"/> ends when all are decided. Those that wait for another attempt are left to the
    /// next start.
    /// </summary>
    public void Complete()
    {
        Completing.Cancel();
        queue.Writer.TryComplete();
    }

    /// <summary>Decides what an earlier process left undecided, then what comes.</summary>
    public async Task RunAsync(IReadOnlyList<ReceivedEvent> left, CancellationToken cancellationToken)
    {
        var workers = Enumerable.Range(0, Workers).Select(_ => Task.Run(() => WorkAsync(cancellationToken), CancellationToken.None)).ToList();
        try
        {
            await ResumeAsync(left, cancellationToken);
        }
        catch (Exception exception) when (exception is ChannelClosedException or OperationCanceledException)
        {
            // Stopped before all were looked at: they are in the ledger.
        }

        await Task.WhenAll(workers);
        await Task.WhenAll(postponed.Values);
        foreach (var mine in InHand.Where(pair => pair.Value.Loop == this))
        {
            InHand.TryRemove(mine);
        }
    }

    /// <summary>Takes up what is in the ledger undecided, where it was left; what is in hand already stays there.</summary>
    public async Task ResumeAsync(IReadOnlyList<ReceivedEvent> left, CancellationToken cancellationToken)
    {
        if (left.Count == 0)
        {
            return;
        }

        var failed = ledger.Reader.Postponed(left[0].ListenerNamespace, left[0].ListenerName).ToDictionary(attempt => attempt.EventId);
        var now = time.GetUtcNow();
        foreach (var received in left.Where(one => InHand.TryAdd(one.EventId, new Holding(this, one.ReceivedAt))))
        {
            var work = new Work(received, failed.TryGetValue(received.EventId, out var last) ? last.Attempt + 1 : 1);
            if (!(last?.NotBefore > now && Postpone(work, last.NotBefore.Value - now, cancellationToken)))
            {
                await queue.Writer.WriteAsync(work, cancellationToken);
            }
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var work in queue.Reader.ReadAllAsync(cancellationToken))
            {
                for (var next = work; next is not null;)
                {
                    next = await DecideAsync(next, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>
    /// One bad event never stops the loop: what cannot be decided gets a verdict that says so. What is returned is for the caller to decide again.
    /// </summary>
    private async Task<Work?> DecideAsync(Work work, CancellationToken cancellationToken)
    {
        var received = work.Event;
        try
        {
            try
            {
                var delivery = (await decide(received, cancellationToken)) with { Attempt = work.Attempt, DecidedAt = time.GetUtcNow() };
                await WriteAsync(delivery, ReasonToGiveUp(delivery), cancellationToken);
                Log.Decided(logger, received.EventId, received.ListenerNamespace, received.ListenerName, delivery.Outcome);
            }
            catch (Exception exception) when (IsTransient(exception) && work.Attempt < MostAttempts)
            {
                Log.TryingAgain(logger, received.EventId, work.Attempt, exception.Message);
                return await PostponeAsync(work, exception, cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException and not OutOfMemoryException and not LedgerException)
            {
                Log.Failed(logger, received.EventId, exception);
                await WriteAsync(Undecided(received, exception, work.Attempt), exception.Message, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not OutOfMemoryException)
        {
            // The ledger does not take the verdict. The event is pending there: it is decided again, and finds what it created.
            Log.NotWritten(logger, received.EventId, exception);
            return await AsideAsync(work, PauseAfter(work.Attempt), cancellationToken);
        }

        return null;
    }

    private async Task WriteAsync(Delivery delivery, string? reasonToGiveUp, CancellationToken cancellationToken)
    {
        await (reasonToGiveUp is null
            ? ledger.DecideAsync(delivery, cancellationToken)
            : ledger.DeadLetterAsync(delivery, reasonToGiveUp, cancellationToken));
        if (InHand.TryGetValue(delivery.Event.EventId, out var holding) && holding.Loop == this)
        {
            InHand.TryRemove(new KeyValuePair<string, Holding>(delivery.Event.EventId, holding));
        }

        Decided?.Invoke(delivery);
    }

    /// <summary>Whether the world failed, not the event: the same event may succeed later.</summary>
    private static bool IsTransient(Exception exception) =>
        exception is KubeException { IsTransient: true } or KubeException { IsConflict: true } or HttpRequestException or IOException or TimeoutException;

    /// <summary>What the API refused, or nobody answered to, is for a person to mend and to replay; a filter that said no is not.</summary>
    private static string? ReasonToGiveUp(Delivery delivery) => delivery.Triggers
        .FirstOrDefault(trigger => trigger.Outcome == TriggerOutcome.Error
            && (trigger.Cause.StartsWith("create.", StringComparison.Ordinal) || trigger.Cause is Causes.InterceptorUnreachable or Causes.Undecided))
        ?.Message;

    private async Task<Work?> PostponeAsync(Work work, Exception cause, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var pause = PauseAfter(work.Attempt);
        await ledger.PostponeAsync(
            new FailedAttempt { EventId = work.Event.EventId, Attempt = work.Attempt, At = now, NotBefore = now + pause, Message = cause.Message }, cancellationToken);
        return await AsideAsync(work with { Attempt = work.Attempt + 1 }, pause, cancellationToken);
    }

    /// <summary>Lets the work wait aside, so that its worker is free for others; when too many wait there, the worker waits with it.</summary>
    private async Task<Work?> AsideAsync(Work work, TimeSpan pause, CancellationToken cancellationToken)
    {
        if (Completing.IsCancellationRequested || Postpone(work, pause, cancellationToken))
        {
            return null;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Completing.Token);
        try
        {
            await Task.Delay(pause, time, ending.Token);
            return work;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private bool Postpone(Work work, TimeSpan pause, CancellationToken cancellationToken)
    {
        if (postponed.Count >= MostPostponed)
        {
            return false;
        }

        var waiting = new TaskCompletionSource();
        postponed[work.Event.EventId] = waiting.Task;
        _ = ReturnAsync(work, pause, waiting, cancellationToken);
        return true;
    }

    /// <summary>Awaited through <paramref name="waiting"/>, which <see cref="RunAsync"/> waits for.</summary>
    private async Task ReturnAsync(Work work, TimeSpan pause, TaskCompletionSource waiting, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Completing.Token);
        try
        {
            await Task.Delay(pause, time, ending.Token);
            await queue.Writer.WriteAsync(work, ending.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
        }
        finally
        {
            postponed.TryRemove(new KeyValuePair<string, Task>(work.Event.EventId, waiting.Task));
            waiting.SetResult();
        }
    }

    internal Delivery Undecided(ReceivedEvent received, Exception exception, int attempt) => new()
    {
        Event = received,
        Outcome = DeliveryOutcome.Error,
        DecidedAt = time.GetUtcNow(),
        Attempt = attempt,
        Triggers =
        [
            new TriggerVerdict
            {
                Namespace = received.ListenerNamespace,
                Name = "",
                Source = RequestVerdict.Source,
                Outcome = TriggerOutcome.Error,
                Cause = exception is KubeException { Code: 408 or 504 } or TimeoutException ? Causes.CreateTimeout : Causes.Undecided,
                Message = exception.Message,
                Explain = $"The event could not be decided after {attempt} attempts: {exception.Message}",
                Fix = $"mend the cause, then: hikigane event replay {received.EventId} --run",
            },
        ],
    };

    private sealed record Work(ReceivedEvent Event, int Attempt);

    /// <summary>Who works on an event, and since when it is there.</summary>
    public readonly record struct Holding(DecisionLoop Loop, DateTimeOffset ReceivedAt);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "event {EventId} of {Namespace}/{Listener}: {Outcome}")]
        public static partial void Decided(ILogger logger, string eventId, string @namespace, string listener, DeliveryOutcome outcome);

        [LoggerMessage(Level = LogLevel.Warning, Message = "event {EventId} could not be decided (attempt {Attempt}): {Cause}")]
        public static partial void TryingAgain(ILogger logger, string eventId, int attempt, string cause);

        [LoggerMessage(Level = LogLevel.Error, Message = "event {EventId} could not be decided")]
        public static partial void Failed(ILogger logger, string eventId, Exception exception);

        [LoggerMessage(Level = LogLevel.Error, Message = "the verdict of event {EventId} could not be written; it will be decided again")]
        public static partial void NotWritten(ILogger logger, string eventId, Exception exception);
    }
}
