using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;
using Hikigane.Triggers.EventListeners;

namespace Hikigane.Server.Controllers;

/// <summary>Shell of <see cref="EventListenerReconciler"/>: writes Deployment and Service, or the custom resource, then the status.</summary>
public sealed class EventListenerController(IKube kube, PlanApplier applier, TimeProvider time, ListenerOptions options) : IController
{
    private const string LegacyFinalizer = "eventlisteners.triggers.tekton.dev";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Namespace of the ConfigMaps.</summary>
    public const string SystemNamespace = "tekton-pipelines";

    public string Name => "eventlistener-controller";

    public ResourceType Type => Kinds.EventListener;

    public IReadOnlyList<WatchedType> Watches =>
        [WatchedType.OwnedBy(Kinds.EventListener, Kinds.Deployment), WatchedType.OwnedBy(Kinds.EventListener, Kinds.Service)];

    public async Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (await FindAsync(Kinds.EventListener, key, cancellationToken) is not { } listener || listener.IsBeingDeleted())
        {
            return null;
        }

        var objects = new ListenerObjects(listener, await ConfigAsync(cancellationToken), options);

        // A configuration that makes no Deployment throws: the loop logs it and tries again, nothing is written. As upstream.
        return listener.Object("spec", "resources", "customResource") is null
            ? await ServeAsync(listener, objects, cancellationToken)
            : await ServeCustomAsync(listener, objects, cancellationToken);
    }

    private async Task<DateTimeOffset?> ServeAsync(JsonObject listener, ListenerObjects objects, CancellationToken cancellationToken)
    {
        var wanted = objects.Deployment();
        var deployment = await WriteAsync(Kinds.Deployment, wanted, EventListenerReconciler.Deployment, cancellationToken);
        var service = await WriteAsync(Kinds.Service, objects.Service(), EventListenerReconciler.Service, cancellationToken);
        var status = EventListenerReconciler.Status(listener, objects.Address, deployment, service);
        var error = (service.Error, deployment.Error) switch
        {
            (not null, not null) => $"{service.Error} : {deployment.Error}",
            _ => service.Error ?? deployment.Error,
        };
        await DropFinalizerAsync(listener, cancellationToken);
        return await ApplyAsync(listener, status, error, cancellationToken);
    }

    private async Task<DateTimeOffset?> ServeCustomAsync(JsonObject listener, ListenerObjects objects, CancellationToken cancellationToken)
    {
        var wanted = objects.Custom();
        var type = TypeOf(wanted);
        var custom = await WriteAsync(type, wanted, EventListenerReconciler.Custom, cancellationToken);
        if (custom.Error is null)
        {
            await DeleteAsync(Kinds.Deployment, new ObjectKey(listener.Namespace(), objects.Name), cancellationToken);
            await DeleteAsync(Kinds.Service, new ObjectKey(listener.Namespace(), objects.Name), cancellationToken);
        }

        var (status, error) = EventListenerReconciler.CustomStatus(listener, custom.Live);
        await ApplyAsync(listener, status, custom.Error ?? error, cancellationToken);

        // Kinds that are met only here are not watched: looking again is what keeps their status current.
        return time.GetUtcNow() + Pause;
    }

    private async Task<Outcome> WriteAsync(
        ResourceType type, JsonObject wanted, Func<JsonObject, JsonObject?, JsonObject?> decide, CancellationToken cancellationToken)
    {
        try
        {
            var live = await FindAsync(type, wanted.Key(), cancellationToken);
            if (decide(wanted, live) is not { } write)
            {
                return new Outcome(live, null);
            }

            var written = live is null
                ? await kube.CreateAsync(type, wanted.Namespace(), write, cancellationToken)
                : await kube.UpdateAsync(type, write, cancellationToken);
            return new Outcome(written, null);
        }
        catch (KubeException exception) when (!exception.IsConflict && !exception.IsTransient)
        {
            return new Outcome(null, exception.Message);
        }
    }

    private async Task<DateTimeOffset?> ApplyAsync(JsonObject listener, JsonObject? status, string? error, CancellationToken cancellationToken)
    {
        var stamp = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        foreach (var condition in status.Objects("conditions"))
        {
            condition["lastTransitionTime"] ??= stamp;
        }

        IReadOnlyList<ObjectEvent> events = error is null ? [] : [new ObjectEvent("Warning", "InternalError", error)];
        await applier.ApplyAsync(Kinds.EventListener, listener, new Plan { Status = status, Events = events, Reason = error ?? "in place" }, cancellationToken);
        return error is null ? null : time.GetUtcNow() + Pause;
    }

    private async Task DropFinalizerAsync(JsonObject listener, CancellationToken cancellationToken)
    {
        if (listener.Items("metadata", "finalizers").Any(one => one.Text() == LegacyFinalizer))
        {
            var left = listener.Items("metadata", "finalizers").Where(one => one.Text() != LegacyFinalizer).Select(one => one?.DeepClone());
            var body = new JsonObject { ["metadata"] = new JsonObject { ["finalizers"] = new JsonArray([.. left]) } };
            var patched = await kube.PatchAsync(Kinds.EventListener, listener.Key(), new Patch(PatchKind.Merge, body), cancellationToken);
            listener["metadata"] = patched["metadata"]?.DeepClone();
        }
    }

    private async Task<ListenerConfig> ConfigAsync(CancellationToken cancellationToken) => new(
        await MapAsync("config-defaults-triggers", cancellationToken), await MapAsync("feature-flags-triggers", cancellationToken),
        await MapAsync("config-logging-triggers", cancellationToken), await MapAsync("config-observability-triggers", cancellationToken));

    private async Task<JsonObject?> MapAsync(string name, CancellationToken cancellationToken) =>
        (await FindAsync(Kinds.ConfigMap, new ObjectKey(SystemNamespace, name), cancellationToken)).Object("data");

    private async Task<JsonObject?> FindAsync(ResourceType type, ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            return (await kube.GetAsync(type, key.Namespace, key.Name, cancellationToken)).Copy();
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    private async Task DeleteAsync(ResourceType type, ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            await kube.DeleteAsync(type, key, DeleteQuery.Default, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
        }
    }

    /// <summary>The collection of a kind is guessed from its name, as apimachinery's UnsafeGuessKindToResource does.</summary>
    private static ResourceType TypeOf(JsonObject manifest)
    {
        var apiVersion = manifest.Text("apiVersion") ?? "";
        var kind = manifest.Text("kind") ?? "";
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var singular = kind.ToLowerInvariant();
        var plural = singular switch
        {
            "endpoints" => singular,
            _ when singular.EndsWith('s') => singular + "es",
            _ when singular.EndsWith('y') => singular[..^1] + "ies",
            _ => singular + "s",
        };
        return new ResourceType(slash < 0 ? "" : apiVersion[..slash], apiVersion[(slash + 1)..], plural, kind);
    }
}
