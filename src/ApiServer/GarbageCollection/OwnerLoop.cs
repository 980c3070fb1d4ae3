using System.Text.Json.Nodes;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.GarbageCollection;

/// <summary>
/// Deletes what nobody owns any more: background, foreground and orphan, as Kubernetes' garbage collector. Follows the log, and keeps for
/// each owner's UID who depends on it. One loop, one thread at a time.
/// </summary>
internal sealed class OwnerLoop(ObjectApi api)
{
    private const string Foreground = "foregroundDeletion";
    private const string Orphan = "orphan";

    private readonly Dictionary<string, HashSet<StoreKey>> dependents = [];

    /// <summary>Takes in what is there at the start.</summary>
    public async Task StartAsync(Snapshot snapshot, CancellationToken cancellationToken)
    {
        var all = snapshot.Resources.Values.SelectMany(objects => objects.Values).ToList();
        all.ForEach(Index);
        foreach (var one in all)
        {
            await LookAsync(one, cancellationToken);
        }
    }

    public async Task OnChangeAsync(StoreChange change, CancellationToken cancellationToken)
    {
        if (change.Before is { } before)
        {
            foreach (var uid in Owners(before.Object))
            {
                if (dependents.TryGetValue(uid, out var known) && known.Remove(change.Key) && known.Count == 0)
                {
                    dependents.Remove(uid);
                }
            }
        }

        if (!change.IsDeletion)
        {
            Index(change.After);
            await LookAsync(change.After, cancellationToken);
            return;
        }

        foreach (var dependent in Dependents(change.After.Object.Uid()))
        {
            await LookAsync(dependent, cancellationToken);
        }

        foreach (var owner in change.After.Object.Objects("metadata", "ownerReferences"))
        {
            if (FindOwner(change.Key.Namespace, owner) is { } waiting)
            {
                await LookAsync(waiting, cancellationToken);
            }
        }
    }

    private static IEnumerable<string> Owners(JsonObject one) =>
        one.Objects("metadata", "ownerReferences").Select(owner => owner.Text("uid") ?? "").Where(uid => uid.Length > 0);

    private void Index(StoredObject one)
    {
        foreach (var uid in Owners(one.Object))
        {
            (dependents.TryGetValue(uid, out var known) ? known : dependents[uid] = []).Add(one.Key);
        }
    }

    private List<StoredObject> Dependents(string uid) =>
        dependents.TryGetValue(uid, out var keys) ? [.. keys.Select(api.Store.Current.Find).OfType<StoredObject>()] : [];

    private async Task LookAsync(StoredObject one, CancellationToken cancellationToken)
    {
        if (one.Object.IsBeingDeleted())
        {
            var finalizers = ObjectShape.Texts(one.Object["metadata"]?["finalizers"]);
            if (finalizers.Contains(Orphan))
            {
                await OrphanAsync(one, cancellationToken);
            }
            else if (finalizers.Contains(Foreground))
            {
                await ForegroundAsync(one, cancellationToken);
            }

            return;
        }

        var owners = one.Object.Objects("metadata", "ownerReferences").ToList();
        if (owners.Count == 0)
        {
            return;
        }

        var found = owners.Select(owner => (Reference: owner, Owner: FindOwner(one.Key.Namespace, owner))).ToList();
        var dead = found.Where(pair => pair.Owner is null).Select(pair => pair.Reference.Text("uid")).ToList();
        var isHeld = found.Any(pair => pair.Owner is { } owner && !IsInForeground(owner));
        if (!isHeld)
        {
            var waits = found.Any(pair => pair.Owner is not null) && Dependents(one.Object.Uid()).Count > 0;
            await DeleteAsync(one, waits ? "Foreground" : "Background", cancellationToken);
        }
        else if (dead.Count > 0)
        {
            await ChangeAsync(one.Key, next => RemoveOwners(next, uid => dead.Contains(uid)), cancellationToken);
        }
    }

    private async Task OrphanAsync(StoredObject owner, CancellationToken cancellationToken)
    {
        foreach (var dependent in Dependents(owner.Object.Uid()))
        {
            await ChangeAsync(dependent.Key, next => RemoveOwners(next, uid => uid == owner.Object.Uid()), cancellationToken);
        }

        await ChangeAsync(owner.Key, next => RemoveFinalizer(next, Orphan), cancellationToken);
    }

    private async Task ForegroundAsync(StoredObject owner, CancellationToken cancellationToken)
    {
        var uid = owner.Object.Uid();
        foreach (var dependent in Dependents(uid))
        {
            if (!dependent.Object.IsBeingDeleted())
            {
                await LookAsync(dependent, cancellationToken);
            }
        }

        var blocking = Dependents(uid).Any(one => one.Object.Objects("metadata", "ownerReferences")
            .Any(reference => reference.Text("uid") == uid && reference.Flag("blockOwnerDeletion")));
        if (!blocking)
        {
            await ChangeAsync(owner.Key, next => RemoveFinalizer(next, Foreground), cancellationToken);
        }
    }

    private static bool IsInForeground(StoredObject owner) =>
        owner.Object.IsBeingDeleted() && ObjectShape.Texts(owner.Object["metadata"]?["finalizers"]).Contains(Foreground);

    /// <summary>The owner that a reference means: same UID, same namespace or cluster scope. A kind that is not served counts as absent.</summary>
    private StoredObject? FindOwner(string ns, JsonObject reference)
    {
        var apiVersion = reference.Text("apiVersion") ?? "";
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var group = slash < 0 ? "" : apiVersion[..slash];
        var kind = api.Kinds.All.FirstOrDefault(one => one.Type.Group == group && one.Type.Kind == reference.Text("kind"));
        if (kind is null)
        {
            return null;
        }

        var key = new StoreKey(kind.Type.GroupResource, kind.Type.IsNamespaced ? ns : "", reference.Text("name") ?? "");
        return api.Store.Current.Find(key) is { } owner && owner.Object.Uid() == reference.Text("uid") ? owner : null;
    }

    private async Task DeleteAsync(StoredObject one, string propagation, CancellationToken cancellationToken)
    {
        if (Target(one.Key) is not { } target)
        {
            return;
        }

        try
        {
            await api.Deletes.DeleteAsync(Caller.System, target, new DeleteOptions(one.Object.Uid(), null, propagation), cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // Gone, or another object by now.
        }
    }

    private async Task ChangeAsync(StoreKey key, Action<JsonObject> change, CancellationToken cancellationToken)
    {
        if (Target(key) is not { } target)
        {
            return;
        }

        try
        {
            await api.Writes.ChangeAsync(Caller.System, target, next =>
            {
                change(next);
                next.Ensure("metadata").Remove("resourceVersion");
                return next;
            }, WriteOptions.Default, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            // Gone already.
        }
    }

    private Target? Target(StoreKey key) =>
        api.Kinds.Find(key.Resource) is { } kind ? new Target(kind, kind.Type, key.Namespace, key.Name) : null;

    private static void RemoveOwners(JsonObject one, Func<string?, bool> isGone)
    {
        var left = one.Objects("metadata", "ownerReferences").Where(owner => !isGone(owner.Text("uid"))).Select(owner => owner.DeepClone()).ToArray();
        Put(one, "ownerReferences", left);
    }

    private static void RemoveFinalizer(JsonObject one, string name)
    {
        var left = ObjectShape.Texts(one["metadata"]?["finalizers"]).Where(other => other != name).Select(other => (JsonNode)JsonValue.Create(other)!).ToArray();
        Put(one, "finalizers", left);
    }

    private static void Put(JsonObject one, string name, JsonNode[] left)
    {
        if (left.Length > 0)
        {
            one.Ensure("metadata")[name] = new JsonArray(left);
        }
        else
        {
            one.Ensure("metadata").Remove(name);
        }
    }
}
