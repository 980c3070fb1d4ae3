using Hikigane.Resources;
using Hikigane.Resources.Json;
using Microsoft.Extensions.Logging;

namespace Hikigane.Kube;

/// <summary>
/// Runs a controller: wakes keys on changes, reconciles several at a time, and alone decides what follows from a failure:
/// a conflict is tried again at once, anything else after a growing pause.
/// </summary>
public sealed partial class ReconcileLoop(IController controller, ObjectCaches caches, TimeProvider time, ILogger<ReconcileLoop> logger) : IDisposable
{
    private const int Workers = 8;

    private readonly WorkQueue queue = new(time, controller.Name);

    public IController Controller => controller;

    /// <summary>Whether there is nothing to do right now.</summary>
    public bool IsIdle => queue.IsIdle;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var primary = caches.For(controller.Type);
        await Task.WhenAll([primary.Synced, .. controller.Watches.Select(watched => caches.For(watched.Type).Synced)]).WaitAsync(cancellationToken);
        foreach (var watched in controller.Watches)
        {
            caches.For(watched.Type).OnChange(changed =>
            {
                foreach (var key in watched.Wakes(changed))
                {
                    queue.Add(key);
                }
            });
        }

        primary.OnChange(changed => queue.Add(changed.Key()));
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync(cancellationToken)));
    }

    public void Dispose() => queue.Dispose();

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            ObjectKey key;
            try
            {
                key = await queue.TakeAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                var wakeAt = await controller.ReconcileAsync(key, cancellationToken);
                queue.Forget(key);
                if (wakeAt is { } at)
                {
                    queue.AddAt(key, at);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (KubeException exception) when (exception.IsConflict)
            {
                queue.AddFailed(key);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                Log.Failed(logger, controller.Name, key, exception);
                queue.AddFailed(key);
            }
            finally
            {
                queue.Done(key);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Controller} could not reconcile {Key}; trying again")]
        public static partial void Failed(ILogger logger, string controller, ObjectKey key, Exception exception);
    }
}
