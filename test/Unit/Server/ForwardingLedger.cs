using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Unit.Server;

/// <summary>A ledger that is another one; tests change a member of it. Disposing leaves the other one open.</summary>
internal abstract class ForwardingLedger(ILedger inner) : ILedger
{
    public LedgerReader Reader => inner.Reader;

    public LedgerOptions Options => inner.Options;

    public virtual bool IsShared => inner.IsShared;

    public virtual Task<int> PruneAsync(DateTimeOffset now, CancellationToken cancellationToken) => inner.PruneAsync(now, cancellationToken);

    public Task<IReadOnlyList<string>> LeaseAsync(
        IReadOnlyCollection<string> eventIds, string holder, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken) =>
        inner.LeaseAsync(eventIds, holder, now, until, cancellationToken);

    public Task AppendAsync(ReceivedEvent received, CancellationToken cancellationToken) => inner.AppendAsync(received, cancellationToken);

    public Task DecideAsync(Delivery delivery, CancellationToken cancellationToken) => inner.DecideAsync(delivery, cancellationToken);

    public Task RecordAsync(Delivery delivery, CancellationToken cancellationToken) => inner.RecordAsync(delivery, cancellationToken);

    public Task<string> ClaimAsync(DeliveryClaim claim, CancellationToken cancellationToken) => inner.ClaimAsync(claim, cancellationToken);

    public Task PostponeAsync(FailedAttempt attempt, CancellationToken cancellationToken) => inner.PostponeAsync(attempt, cancellationToken);

    public Task DeadLetterAsync(Delivery delivery, string reason, CancellationToken cancellationToken) =>
        inner.DeadLetterAsync(delivery, reason, cancellationToken);

    public Task<bool> SettleAsync(string eventId, string by, string settlement, DateTimeOffset at, CancellationToken cancellationToken) =>
        inner.SettleAsync(eventId, by, settlement, at, cancellationToken);

    public Task ReplayAsync(ReceivedEvent replay, CancellationToken cancellationToken) => inner.ReplayAsync(replay, cancellationToken);

    public Task<IReadOnlyList<ReceivedEvent>> TakeReplaysAsync(string ns, string listener, CancellationToken cancellationToken) =>
        inner.TakeReplaysAsync(ns, listener, cancellationToken);

    public Task ConfigureAsync(string ns, string listener, DateTimeOffset at, string manifests, CancellationToken cancellationToken) =>
        inner.ConfigureAsync(ns, listener, at, manifests, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
