using System.Threading.Channels;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Server.Listener;

/// <summary>
/// What a listener was left: events that it acknowledged before it went, or that another replica acknowledged and left behind. One replica decides
/// each. A replica leases what it has not decided soon, so that the others keep off; what nobody has leased some time after it came belongs to one
/// that is gone, and so does what was leased and not again. The way of an event that is decided at once has none of this.
/// </summary>
/// <param name="holder">Who this process is.</param>
internal sealed class LeftoverLoop(EndpointParts parts, string holder)
{
    private const int SweepEach = 3;

    /// <summary>How often leases are renewed. What is in hand for longer is leased.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>How long after it came an event that nobody leased is taken for left behind: its replica had two turns to lease it.</summary>
    public static readonly TimeSpan LeftAfter = SweepEach * Interval;

    /// <summary>How long a lease holds: whoever does not renew it for so long is gone.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    private readonly ILedger ledger = parts.Ledger;

    private (string Namespace, string Name) Listener => (parts.Options.Namespace, parts.Options.Name);

    /// <summary>
    /// What is to be decided at the start. In a ledger of its own a process finds everything that is undecided; in a shared one others may be at
    /// it.
    /// </summary>
    public async Task<IReadOnlyList<ReceivedEvent>> FirstAsync(CancellationToken cancellationToken)
    {
        var replays = await ledger.TakeReplaysAsync(Listener.Namespace, Listener.Name, cancellationToken);
        if (!ledger.IsShared)
        {
            // Replays are among them.
            return ledger.Reader.Pending(Listener.Namespace, Listener.Name);
        }

        var left = await TakeAsync(cancellationToken);
        return [.. left.UnionBy(replays, one => one.EventId)];
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, parts.Time);
        try
        {
            for (var turn = 1; await timer.WaitForNextTickAsync(cancellationToken); turn++)
            {
                await KeepAsync(isSweep: turn % SweepEach == 0, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task KeepAsync(bool isSweep, CancellationToken cancellationToken)
    {
        try
        {
            if (ledger.IsShared)
            {
                await LeaseAsync(parts.Decisions.Held(parts.Time.GetUtcNow() - Interval), cancellationToken);
            }

            if (isSweep && parts.Decisions.IsIdle)
            {
                await parts.Decisions.ResumeAsync(await TakeAsync(cancellationToken), cancellationToken);
            }
        }
        catch (Exception exception) when (exception is LedgerException or ChannelClosedException)
        {
            // The next time, or the next start, takes them up.
        }
    }

    private async Task<IReadOnlyList<ReceivedEvent>> TakeAsync(CancellationToken cancellationToken)
    {
        var left = ledger.Reader.Pending(Listener.Namespace, Listener.Name, before: parts.Time.GetUtcNow() - LeftAfter);
        if (!ledger.IsShared)
        {
            return left;
        }

        var mine = await LeaseAsync([.. left.Select(one => one.EventId)], cancellationToken);
        return [.. left.Where(one => mine.Contains(one.EventId))];
    }

    private async Task<HashSet<string>> LeaseAsync(IReadOnlyList<string> eventIds, CancellationToken cancellationToken)
    {
        if (eventIds.Count == 0)
        {
            return [];
        }

        var now = parts.Time.GetUtcNow();
        return [.. await ledger.LeaseAsync(eventIds, holder, now, now + Lease, cancellationToken)];
    }
}
