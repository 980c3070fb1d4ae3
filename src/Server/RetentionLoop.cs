using Hikigane.Ledger;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server;

/// <summary>Keeps the ledger within its limits, twice a minute. A sweep that fails is tried again at the next.</summary>
public sealed partial class RetentionLoop(ILedger ledger, TimeProvider time, ILogger<RetentionLoop> logger)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                var removed = await ledger.PruneAsync(time.GetUtcNow(), cancellationToken);
                if (removed > 0)
                {
                    Log.Removed(logger, removed);
                }
            }
            catch (LedgerException exception)
            {
                Log.Failed(logger, exception.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Count} events are kept no longer")]
        public static partial void Removed(ILogger logger, int count);

        [LoggerMessage(Level = LogLevel.Warning, Message = "retention will be tried again: {Cause}")]
        public static partial void Failed(ILogger logger, string cause);
    }
}
