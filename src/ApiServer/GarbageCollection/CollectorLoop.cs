using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Microsoft.Extensions.Logging;

namespace Hikigane.ApiServer.GarbageCollection;

/// <summary>
/// What a cluster's controller manager does for every kind: owner references, namespaces, and the end of old events. One loop over the
/// store's log; run it once per store, until cancelled.
/// </summary>
public sealed partial class CollectorLoop(ObjectApi api, ILogger<CollectorLoop> logger)
{
    private static readonly TimeSpan EventLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly OwnerLoop owners = new(api);
    private readonly NamespaceLoop namespaces = new(api);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(FollowAsync(cancellationToken), SweepAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var start = api.Store.Current;
            var cursor = api.Store.Follow("", start.Revision);
            await owners.StartAsync(start, cancellationToken);
            foreach (var ns in start.Of("namespaces").Values)
            {
                await LookAsync(new StoreChange(ns.Revision, ns.Key, null, ns, false), namespaces.OnChangeAsync, cancellationToken);
            }

            try
            {
                await FollowAsync(cursor, cancellationToken);
            }
            catch (KubeException exception) when (exception.IsGone)
            {
                // Too far behind: begin again with what is there.
            }
        }
    }

    private async Task FollowAsync(ChangeCursor cursor, CancellationToken cancellationToken)
    {
        while (true)
        {
            var signal = cursor.NextSignal;
            while (cursor.TryNext() is { } change)
            {
                await LookAsync(change, owners.OnChangeAsync, cancellationToken);
                await LookAsync(change, namespaces.OnChangeAsync, cancellationToken);
            }

            await signal.WaitAsync(cancellationToken);
        }
    }

    /// <summary>One bad object never stops the collector.</summary>
    private async Task LookAsync(StoreChange change, Func<StoreChange, CancellationToken, Task> look, CancellationToken cancellationToken)
    {
        try
        {
            await look(change, cancellationToken);
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or OperationCanceledException))
        {
            Log.Failed(logger, change.Key, exception);
        }
    }

    /// <summary>Events live an hour from their last change.</summary>
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SweepEvery, api.Time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var oldest = api.Time.GetUtcNow() - EventLife;
            foreach (var one in api.Store.Current.Of("events").Values)
            {
                var last = one.Object.Text("lastTimestamp") ?? one.Object.Text("metadata", "creationTimestamp");
                if (DateTimeOffset.TryParse(last, out var at) && at < oldest)
                {
                    await DeleteEventAsync(one, cancellationToken);
                }
            }
        }
    }

    private async Task DeleteEventAsync(StoredObject one, CancellationToken cancellationToken)
    {
        try
        {
            await api.Deletes.DeleteAsync(Caller.System, api.Target(Kinds.Event, one.Key.Namespace, one.Key.Name), DeleteOptions.Default, cancellationToken);
        }
        catch (KubeException exception)
        {
            Log.Failed(logger, one.Key, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "could not collect around {Key}")]
        public static partial void Failed(ILogger logger, StoreKey key, Exception exception);
    }
}
