using Hikigane.Ledger;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Listener;

/// <summary>
/// What passes between a listener and the ledger beside its events: notes what the listener decides by whenever that changes, and picks up replays
/// that <c>hikigane event replay</c> left there, to have them decided like events that came in. The request is a row of the ledger: it survives
/// whatever happens to either process.
/// </summary>
internal sealed partial class ReplayLoop(EndpointParts parts, ILogger<ReplayLoop> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private long noted = -1;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, parts.Time);
        try
        {
            do
            {
                await TakeAsync(cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (parts.Objects.Version is var version && version != noted)
            {
                await parts.Ledger.ConfigureAsync(
                    parts.Options.Namespace, parts.Options.Name, parts.Time.GetUtcNow(), parts.Objects.Manifests().ToJsonString(), cancellationToken);
                noted = version;
            }

            foreach (var replay in await parts.Ledger.TakeReplaysAsync(parts.Options.Namespace, parts.Options.Name, cancellationToken))
            {
                await parts.Decisions.AddAsync(replay, cancellationToken);
            }
        }
        catch (LedgerException exception)
        {
            Log.Failed(logger, parts.Options.Namespace, parts.Options.Name, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "replays of {Namespace}/{Listener} are looked for again: {Cause}")]
        public static partial void Failed(ILogger logger, string @namespace, string listener, string cause);
    }
}
