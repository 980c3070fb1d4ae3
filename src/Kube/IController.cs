using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Kube;

/// <summary>
/// The shell of one reconciler: observe, decide, act. Level-based: it is told only which object, never what happened. Called for one key
/// at a time, never twice at once for the same key. Idempotent. Throws <see cref="KubeException"/> when the API refuses;
/// <see cref="ReconcileLoop"/> alone decides what follows from that.
/// </summary>
public interface IController
{
    /// <summary>Name in logs: <c>taskrun-controller</c>.</summary>
    public string Name { get; }

    /// <summary>The kind that is reconciled.</summary>
    public ResourceType Type { get; }

    /// <summary>Other kinds whose changes wake an object of <see cref="Type"/>, and how to find its key from them.</summary>
    public IReadOnlyList<WatchedType> Watches { get; }

    /// <summary>Reconciles one object; returns when to look again although nothing changed, or null.</summary>
    public Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken);
}

/// <summary>A watched kind and the keys that a change of one of its objects wakes.</summary>
public sealed record WatchedType(ResourceType Type, Func<JsonObject, IEnumerable<ObjectKey>> Wakes)
{
    /// <summary>Wakes the controlling owner when it is of the given kind and group.</summary>
    public static WatchedType OwnedBy(ResourceType owner, ResourceType owned) => new(owned, child => Owner(owner, child));

    private static IEnumerable<ObjectKey> Owner(ResourceType owner, JsonObject child)
    {
        var reference = child.ControllerOwner();
        var apiVersion = reference.Text("apiVersion") ?? "";
        var group = apiVersion.Contains('/', StringComparison.Ordinal) ? apiVersion[..apiVersion.IndexOf('/', StringComparison.Ordinal)] : "";
        return reference is not null && reference.Text("kind") == owner.Kind && group == owner.Group
            ? [new ObjectKey(child.Namespace(), reference.Text("name") ?? "")]
            : [];
    }
}
