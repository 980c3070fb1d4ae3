using Hikigane.Resources;
using Microsoft.Extensions.Logging;

namespace Hikigane.Kube;

/// <summary>One cache per kind, shared by all controllers of a process; started when first asked for. Any thread may ask.</summary>
public sealed class ObjectCaches(IKube kube, TimeProvider time, ILogger<ObjectCaches> logger) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<ResourceType, (ObjectCache Cache, Task Loop)> caches = [];

    /// <summary>The client that the caches read with.</summary>
    public IKube Kube => kube;

    public ObjectCache For(ResourceType type)
    {
        lock (gate)
        {
            if (!caches.TryGetValue(type, out var entry))
            {
                var cache = new ObjectCache(kube, type, time, logger);
                caches[type] = entry = (cache, Task.Run(() => cache.RunAsync(stopping.Token)));
            }

            return entry.Cache;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(caches.Values.Select(entry => entry.Loop));
        stopping.Dispose();
    }
}
