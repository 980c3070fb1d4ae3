using Hikigane.Ledger;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Listener;

/// <summary>
/// Picks up replays that <c>hikigane event replay</c> left in the ledger for a listener, and has them decided like events that came in. The
/// request is a row of the ledger: it survives whatever happens to either process.
/// </summary>
internal sealed partial class ReplayLoop(SinkOptions options, ILedger ledger, DecisionLoop decisions, TimeProvider time, ILogger<ReplayLoop> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await TakeAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var replay in await ledger.TakeReplaysAsync(options.Namespace, options.Name, cancellationToken))
            {
                await decisions.AddAsync(replay, cancellationToken);
            }
        }
        catch (LedgerException exception)
        {
            Log.Failed(logger, options.Namespace, options.Name, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "replays of {Namespace}/{Listener} will be looked for again: {Cause}")]
        public static partial void Failed(ILogger logger, string @namespace, string listener, string cause);
    }
}
