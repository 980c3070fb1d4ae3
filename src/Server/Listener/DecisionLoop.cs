using System.Threading.Channels;
using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Listener;

/// <summary>
/// Decides acknowledged events and writes their verdicts: several at a time, each at least once. Creation is idempotent, so an event that is
/// decided again after a crash has the effect of once. A failure of the API is tried again with growing pauses, from memory or, after
/// a restart, from the ledger.
/// </summary>
public sealed partial class DecisionLoop(
    Func<ReceivedEvent, CancellationToken, Task<Delivery>> decide, ILedger ledger, TimeProvider time, ILogger<DecisionLoop> logger)
{
    // A worker waits for the API and for the ledger's commits most of its time, so there are many more than cores.
    private const int Workers = 64;
    private const int MostAttempts = 8;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    // Bounded: senders wait for their turn instead of filling the memory. What waits is on disk already.
    private readonly Channel<ReceivedEvent> queue = Channel.CreateBounded<ReceivedEvent>(16 * 1024);

    /// <summary>Hears of every event that is decided, after its verdict is on disk. Must not throw and must not wait.</summary>
    public Action<Delivery>? Decided { get; init; }

    /// <summary>Hands over an event that is in the ledger.</summary>
    public ValueTask AddAsync(ReceivedEvent received, CancellationToken cancellationToken) => queue.Writer.WriteAsync(received, cancellationToken);

    /// <summary>No further events will be added; <see cref="RunAsync"/> ends when all are decided.</summary>
    public void Complete() => queue.Writer.TryComplete();

    /// <summary>Decides what an earlier process left undecided, then what comes.</summary>
    public async Task RunAsync(IReadOnlyList<ReceivedEvent> left, CancellationToken cancellationToken)
    {
        var workers = Enumerable.Range(0, Workers).Select(_ => Task.Run(() => WorkAsync(cancellationToken), CancellationToken.None)).ToList();
        foreach (var received in left)
        {
            await queue.Writer.WriteAsync(received, cancellationToken);
        }

        await Task.WhenAll(workers);
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var received in queue.Reader.ReadAllAsync(cancellationToken))
            {
                await DecideAsync(received, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>One bad event never stops the loop: what cannot be decided gets a verdict that says so.</summary>
    private async Task DecideAsync(ReceivedEvent received, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var delivery = (await decide(received, cancellationToken)) with { Attempt = attempt, DecidedAt = time.GetUtcNow() };
                await ledger.DecideAsync(delivery, cancellationToken);
                Decided?.Invoke(delivery);
                Log.Decided(logger, received.EventId, received.ListenerNamespace, received.ListenerName, delivery.Outcome);
                return;
            }
            catch (Exception exception) when (exception is KubeException { IsTransient: true } or HttpRequestException && attempt < MostAttempts)
            {
                Log.TryingAgain(logger, received.EventId, attempt, exception.Message);
                await Task.Delay(FirstPause * Math.Pow(2, attempt), time, cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException and not OutOfMemoryException)
            {
                Log.Failed(logger, received.EventId, exception);
                var dead = DeadLetter(received, exception, attempt);
                await ledger.DecideAsync(dead, cancellationToken);
                Decided?.Invoke(dead);
                return;
            }
        }
    }

    private Delivery DeadLetter(ReceivedEvent received, Exception exception, int attempt) => new()
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
                Outcome = TriggerOutcome.Error,
                Cause = "undecided",
                Message = exception.Message,
                Explain = $"The event could not be decided after {attempt} attempts: {exception.Message}",
                Fix = $"mend the cause, then: hikigane event replay {received.EventId}",
            },
        ],
    };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "event {EventId} of {Namespace}/{Listener}: {Outcome}")]
        public static partial void Decided(ILogger logger, string eventId, string @namespace, string listener, DeliveryOutcome outcome);

        [LoggerMessage(Level = LogLevel.Warning, Message = "event {EventId} could not be decided (attempt {Attempt}): {Cause}")]
        public static partial void TryingAgain(ILogger logger, string eventId, int attempt, string cause);

        [LoggerMessage(Level = LogLevel.Error, Message = "event {EventId} could not be decided")]
        public static partial void Failed(ILogger logger, string eventId, Exception exception);
    }
}
