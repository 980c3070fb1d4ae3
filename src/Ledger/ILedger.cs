using Hikigane.Resources.Deliveries;

namespace Hikigane.Ledger;

/// <summary>
/// The durable record of events and of what was decided about them. An event is on disk before its sender gets an answer; its verdict is added
/// when it is known; what has no verdict after a restart is decided then. Every method completes when its effect is on disk, or throws
/// <see cref="LedgerException"/>; cancelling gives up waiting, the effect may still happen. Any thread may call. Two implementations:
/// <see cref="SqliteLedger"/> on one machine, <see cref="PostgresLedger"/> for listeners with several replicas.
/// </summary>
public interface ILedger : IAsyncDisposable
{
    /// <summary>Reads what was written here.</summary>
    public LedgerReader Reader { get; }

    /// <summary>What is kept of an event, and for how long.</summary>
    public LedgerOptions Options { get; }

    /// <summary>Whether other processes write here, too, and may be at what is undecided.</summary>
    public bool IsShared { get; }

    /// <summary>Only after this may an event be acknowledged.</summary>
    public Task AppendAsync(ReceivedEvent received, CancellationToken cancellationToken);

    /// <summary>Adds the verdicts. Deciding an event again replaces its verdict; the earlier one stays in its history.</summary>
    public Task DecideAsync(Delivery delivery, CancellationToken cancellationToken);

    /// <summary>A request that was refused at the door: event and verdict in one. What must not be kept is never written.</summary>
    public Task RecordAsync(Delivery delivery, CancellationToken cancellationToken);

    /// <summary>
    /// Claims the sender's id of a delivery. Returns the event that holds it: the claiming one itself when it is the first, also when it
    /// claims again after a crash; else the earlier event, which this one repeats.
    /// </summary>
    public Task<string> ClaimAsync(DeliveryClaim claim, CancellationToken cancellationToken);

    /// <summary>Notes that deciding failed and when it is tried again. The event stays pending.</summary>
    public Task PostponeAsync(FailedAttempt attempt, CancellationToken cancellationToken);

    /// <summary>Adds the last verdict of an event that is given up on, and puts it among the dead letters.</summary>
    public Task DeadLetterAsync(Delivery delivery, string reason, CancellationToken cancellationToken);

    /// <summary>Says what became of a dead letter. False when there is none of this event, or when it was settled before.</summary>
    public Task<bool> SettleAsync(string eventId, string by, string settlement, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Leaves an event that replays another one for the listener's process to pick up: <see cref="TakeReplaysAsync"/>.</summary>
    public Task ReplayAsync(ReceivedEvent replay, CancellationToken cancellationToken);

    /// <summary>
    /// Replays of a listener that nobody took so far, the oldest first; each is given to one caller. They are pending like any other event, so
    /// what the taker does not decide is decided after its next start.
    /// </summary>
    public Task<IReadOnlyList<ReceivedEvent>> TakeReplaysAsync(string ns, string listener, CancellationToken cancellationToken);

    /// <summary>
    /// Leases undecided events to a holder until a time; returns those that it has now. One that another holder has is given out again when its
    /// lease has ended: its holder is gone. A holder that asks again has its leases for longer.
    /// </summary>
    public Task<IReadOnlyList<string>> LeaseAsync(
        IReadOnlyCollection<string> eventIds, string holder, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>Notes what a listener decides by from now on, as a JSON array of manifests. What did not change is not noted again.</summary>
    public Task ConfigureAsync(string ns, string listener, DateTimeOffset at, string manifests, CancellationToken cancellationToken);

    /// <summary>Removes what <see cref="LedgerOptions.Retention"/> does not keep and packs large bodies. Returns how many events went.</summary>
    public Task<int> PruneAsync(DateTimeOffset now, CancellationToken cancellationToken);
}
