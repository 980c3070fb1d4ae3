using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Microsoft.Extensions.Logging;

namespace Hikigane.Kube;

/// <summary>
/// All objects of one kind, kept current by list and watch. One loop writes; anyone may read. Objects are shared: copy before changing.
/// What is read may lag behind the API by the time a watch event takes.
/// </summary>
public sealed partial class ObjectCache(IKube kube, ResourceType type, TimeProvider time, ILogger logger, string? ns = null)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortWatch = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<ObjectKey, JsonObject> objects = new();
    private readonly OwnerIndex owners = new();
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock handlersGate = new();
    private IReadOnlyList<Action<JsonObject>> handlers = [];
    private string resourceVersion = "";
    private int failures;

    public ResourceType Type => type;

    /// <summary>Which objects are kept, in the API's own syntax; null: all.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Completes when the first list was read.</summary>
    public Task Synced => synced.Task;

    /// <summary>Completes when the first list was read, or was refused: who may not list a kind, or where it is not served, has an answer too.</summary>
    public Task Answered => answered.Task;

    public JsonObject? Get(ObjectKey key) => objects.GetValueOrDefault(key);

    public IEnumerable<JsonObject> All => objects.Values;

    public IEnumerable<JsonObject> In(string inNamespace) => objects.Values.Where(one => one.Namespace() == inNamespace);

    /// <summary>The objects whose controller is this one.</summary>
    public IEnumerable<JsonObject> OwnedBy(JsonObject owner) => owners.Of(owner.Uid());

    /// <summary>Calls back for each object there is, and after each change with the object's last state, deletions included.</summary>
    public void OnChange(Action<JsonObject> handler)
    {
        lock (handlersGate)
        {
            handlers = [.. handlers, handler];
        }

        foreach (var existing in objects.Values)
        {
            handler(existing);
        }
    }

    /// <summary>
    /// Lists and watches until cancelled. A watch that ends or breaks off goes on where it was; a version that is too old lists again. After
    /// failures the pauses grow.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var lastCause = "";
        while (!cancellationToken.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            try
            {
                if (resourceVersion.Length == 0)
                {
                    resourceVersion = await RelistAsync(cancellationToken);
                    lastCause = "";
                }

                await FollowAsync(cancellationToken);
                if (time.GetElapsedTime(started) < ShortWatch)
                {
                    await PauseAsync(cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (KubeException exception) when (exception.IsGone)
            {
                Log.TooOld(logger, type.GroupResource);
                resourceVersion = "";
            }
            catch (Exception exception) when (exception is KubeException or HttpRequestException or IOException or OperationCanceledException)
            {
                if (exception is KubeException { Code: 401 or 403 or 404 })
                {
                    answered.TrySetResult();
                }

                // A kind that a Role does not name stays forbidden: said once, not each second.
                if (exception.Message != lastCause)
                {
                    lastCause = exception.Message;
                    Log.Interrupted(logger, type.GroupResource, exception.Message);
                }

                await PauseAsync(cancellationToken);
            }
        }
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(failures++, 10));
        await Task.Delay(pause < LongestPause ? pause : LongestPause, time, cancellationToken)
            .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private async Task<string> RelistAsync(CancellationToken cancellationToken)
    {
        var list = await kube.ListAsync(type, ns, new ListQuery(FieldSelector: FieldSelector), cancellationToken);
        var present = list.Items.ToDictionary(item => item.Key());
        foreach (var gone in objects.Where(pair => !present.ContainsKey(pair.Key)).ToList())
        {
            Remove(gone.Key);
            Notify(gone.Value);
        }

        foreach (var (key, item) in present)
        {
            var known = Set(key, item);
            if (known?.ResourceVersion() != item.ResourceVersion())
            {
                Notify(item);
            }
        }

        synced.TrySetResult();
        answered.TrySetResult();
        return list.ResourceVersion;
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await foreach (var change in kube.WatchAsync(type, ns, new WatchQuery(resourceVersion, FieldSelector: FieldSelector), cancellationToken))
        {
            failures = 0;
            switch (change.Type)
            {
                case WatchEventType.Bookmark:
                    break;
                case WatchEventType.Deleted:
                    Remove(change.Object.Key());
                    Notify(change.Object);
                    break;
                default:
                    Set(change.Object.Key(), change.Object);
                    Notify(change.Object);
                    break;
            }

            resourceVersion = change.Object.Text("metadata", "resourceVersion") ?? resourceVersion;
        }
    }

    /// <summary>What was there before.</summary>
    private JsonObject? Set(ObjectKey key, JsonObject item)
    {
        var known = objects.GetValueOrDefault(key);
        objects[key] = item;
        owners.Set(key, known, item);
        return known;
    }

    private void Remove(ObjectKey key)
    {
        objects.TryRemove(key, out var known);
        owners.Set(key, known, null);
    }

    /// <summary>One bad object never stops the watch: a handler that throws is logged and passed over.</summary>
    private void Notify(JsonObject changed)
    {
        foreach (var handler in handlers)
        {
            try
            {
                handler(changed);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                Log.HandlerFailed(logger, type.GroupResource, changed.Key(), exception);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "watch of {Resource} is too far behind; listing again")]
        public static partial void TooOld(ILogger logger, string resource);

        [LoggerMessage(Level = LogLevel.Warning, Message = "watch of {Resource} was interrupted: {Cause}")]
        public static partial void Interrupted(ILogger logger, string resource, string cause);

        [LoggerMessage(Level = LogLevel.Error, Message = "a handler of {Resource} failed for {Key}")]
        public static partial void HandlerFailed(ILogger logger, string resource, ObjectKey key, Exception exception);
    }
}
