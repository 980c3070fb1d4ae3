using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Triggers;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Listener;

/// <summary>
/// The objects that a listener sees, kept current with the rights of its ServiceAccount and no others. What it may not list does not exist
/// for it: the walkthrough's Role names neither ClusterTriggerBindings nor interceptors, and its listener needs neither.
/// </summary>
public sealed class ListenerCaches : IAsyncDisposable
{
    /// <summary>How long a listener waits for an API that does not answer, before it serves what it knows.</summary>
    public static readonly TimeSpan LongestFirstList = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> loops = [];
    private readonly ObjectCache listeners;
    private readonly ObjectCache triggers;
    private readonly ObjectCache bindings;
    private readonly ObjectCache templates;
    private readonly ObjectCache interceptors;
    private readonly ObjectCache clusterBindings;
    private readonly ObjectCache clusterInterceptors;
    private readonly ObjectCache[] caches;
    private long version;

    public ListenerCaches(IKube kube, SinkOptions options, TimeProvider time, ILogger<ListenerCaches> logger)
    {
        var ns = options.IsMultiNamespace ? null : options.Namespace;
        listeners = Follow(Kinds.EventListener, options.Namespace);
        triggers = Follow(Kinds.Trigger, ns);
        bindings = Follow(Kinds.TriggerBinding, ns);
        templates = Follow(Kinds.TriggerTemplate, ns);
        interceptors = Follow(Kinds.Interceptor, ns);
        clusterBindings = Follow(Kinds.ClusterTriggerBinding, null);
        clusterInterceptors = Follow(Kinds.ClusterInterceptor, null);
        caches = [listeners, triggers, bindings, templates, interceptors, clusterBindings, clusterInterceptors];

        ObjectCache Follow(ResourceType type, string? inNamespace)
        {
            var cache = new ObjectCache(kube, type, time, logger, inNamespace);
            cache.OnChange(_ => Interlocked.Increment(ref version));
            loops.Add(Task.Run(() => cache.RunAsync(stopping.Token)));
            return cache;
        }
    }

    /// <summary>
    /// Waits until each kind was listed once, so that the first event is judged by all there is. A kind that may not be listed is not waited for.
    /// </summary>
    public async Task SyncedAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(caches.Select(cache => cache.Answered))
                .WaitAsync(LongestFirstList, time, cancellationToken);
        }
        catch (TimeoutException)
        {
        }
    }

    public JsonObject? Listener(ObjectKey key) => listeners.Get(key);

    /// <summary>Counts up with every change of an object that is seen here.</summary>
    public long Version => Interlocked.Read(ref version);

    /// <summary>Everything that is seen here, in a fixed order, without what the server adds: what the listener decides by.</summary>
    public JsonArray Manifests()
    {
        var manifests = new JsonArray();
        foreach (var cache in caches)
        {
            foreach (var manifest in cache.All.OrderBy(one => one.Key().ToString(), StringComparer.Ordinal))
            {
                var copy = manifest.Copy();
                copy.Remove("status");
                copy.Object("metadata")?.Remove("managedFields");
                copy.Object("metadata")?.Remove("resourceVersion");
                copy.Object("metadata")?.Object("annotations")?.Remove("kubectl.kubernetes.io/last-applied-configuration");
                copy["kind"] = cache.Type.Kind;
                manifests.Add((JsonNode)copy);
            }
        }

        return manifests;
    }

    public TriggerLookups Lookups => new()
    {
        Trigger = (ns, name) => triggers.Get(new ObjectKey(ns, name)),
        Triggers = ns => (ns is null ? triggers.All : triggers.In(ns)).OrderBy(trigger => trigger.Key().ToString(), StringComparer.Ordinal),
        Binding = (ns, name) => bindings.Get(new ObjectKey(ns, name)),
        ClusterBinding = name => clusterBindings.Get(new ObjectKey("", name)),
        Template = (ns, name) => templates.Get(new ObjectKey(ns, name)),
        ClusterInterceptor = name => clusterInterceptors.Get(new ObjectKey("", name)),
        NamespacedInterceptor = (ns, name) => interceptors.Get(new ObjectKey(ns, name)),
    };

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(loops);
        stopping.Dispose();
    }
}
