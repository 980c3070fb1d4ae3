using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Triggers.Interceptors;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Interceptors;

/// <summary>
/// The Secrets that interceptors use: read once, then kept current by a watch on that one Secret, so that a changed value counts at once and the API
/// is not asked for each event. What was not used for ten minutes is let go. Any thread may call.
/// </summary>
public sealed class SecretCache(IKube kube, TimeProvider time, ILogger<SecretCache> logger) : IAsyncDisposable
{
    private const int Most = 1024;
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<ObjectKey, Lazy<Entry>> entries = new();
    private readonly CancellationTokenSource stopping = new();

    /// <summary>The value of a key, or why there is none.</summary>
    public async ValueTask<SecretValue> ReadAsync(SecretKey key, CancellationToken cancellationToken)
    {
        var secretKey = new ObjectKey(key.Namespace, key.Name);
        if (entries.TryGetValue(secretKey, out var known) && known.Value.Cache.Synced.IsCompleted)
        {
            known.Value.LastUsed = time.GetTimestamp();
            return Value(known.Value.Cache.Get(secretKey), key);
        }

        var value = await ReadOnceAsync(kube, key, cancellationToken);
        if (value.Error is null)
        {
            Follow(secretKey);
        }

        return value;
    }

    /// <summary>The value of a key as the API has it now, and nothing kept. Throws when the API cannot say: that may be tried again.</summary>
    public static async ValueTask<SecretValue> ReadOnceAsync(IKube kube, SecretKey key, CancellationToken cancellationToken)
    {
        try
        {
            return Value(await kube.GetAsync(Kinds.Secret, key.Namespace, key.Name, cancellationToken), key);
        }
        catch (KubeException exception) when (!exception.IsTransient)
        {
            return SecretValue.Missing(exception.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(entries.Values.Where(entry => entry.IsValueCreated).Select(entry => entry.Value.Loop));
        stopping.Dispose();
    }

    private static SecretValue Value(JsonObject? secret, SecretKey key)
    {
        try
        {
            return SecretValue.From(
                secret is null ? null : (secret.Object("data") ?? []).ToDictionary(pair => pair.Key, pair => Convert.FromBase64String(pair.Value.Text() ?? "")), key);
        }
        catch (FormatException)
        {
            return SecretValue.Missing($"secret {key.Namespace}/{key.Name} holds a value that is not base64");
        }
    }

    private void Follow(ObjectKey key)
    {
        if (stopping.IsCancellationRequested)
        {
            return;
        }

        foreach (var (other, entry) in entries)
        {
            if (entry.IsValueCreated && time.GetElapsedTime(entry.Value.LastUsed) > Idle && entries.TryRemove(other, out var idle))
            {
                idle.Value.Stop();
            }
        }

        if (entries.Count < Most)
        {
            _ = entries.GetOrAdd(key, static (name, self) => new Lazy<Entry>(() => self.Start(name)), this).Value;
        }
    }

    private Entry Start(ObjectKey key)
    {
        var cache = new ObjectCache(kube, Kinds.Secret, time, logger, key.Namespace) { FieldSelector = "metadata.name=" + key.Name };
        return new Entry(cache, time.GetTimestamp(), stopping.Token);
    }

    private sealed class Entry
    {
        private readonly CancellationTokenSource ending;

        public Entry(ObjectCache cache, long now, CancellationToken stopping)
        {
            Cache = cache;
            LastUsed = now;
            ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            Loop = cache.RunAsync(ending.Token);
        }

        public ObjectCache Cache { get; }

        public Task Loop { get; }

        public long LastUsed { get; set; }

        public void Stop() => ending.Cancel();
    }
}
