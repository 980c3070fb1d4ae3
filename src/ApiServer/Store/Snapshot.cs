using System.Collections.Immutable;
using Hikigane.Resources;

namespace Hikigane.ApiServer.Store;

/// <summary>All live objects at one revision, ordered by namespace and name, bytewise. Immutable: a page of a list holds on to one.</summary>
public sealed record Snapshot(long Revision, ImmutableDictionary<string, ImmutableSortedDictionary<ObjectKey, StoredObject>> Resources)
{
    public static readonly Snapshot Empty = new(0, ImmutableDictionary<string, ImmutableSortedDictionary<ObjectKey, StoredObject>>.Empty);

    private static readonly ImmutableSortedDictionary<ObjectKey, StoredObject> Nothing =
        ImmutableSortedDictionary.Create<ObjectKey, StoredObject>(Comparer<ObjectKey>.Create(Compare));

    public StoredObject? Find(StoreKey key) =>
        Resources.TryGetValue(key.Resource, out var objects) && objects.TryGetValue(key.Object, out var found) ? found : null;

    public ImmutableSortedDictionary<ObjectKey, StoredObject> Of(string resource) => Resources.GetValueOrDefault(resource) ?? Nothing;

    /// <summary>Objects of a resource, of one namespace or of all.</summary>
    public IEnumerable<StoredObject> In(string resource, string? ns) =>
        string.IsNullOrEmpty(ns) ? Of(resource).Values : Of(resource).Values.Where(one => one.Key.Namespace == ns);

    public static int Compare(ObjectKey left, ObjectKey right)
    {
        var byNamespace = string.CompareOrdinal(left.Namespace, right.Namespace);
        return byNamespace != 0 ? byNamespace : string.CompareOrdinal(left.Name, right.Name);
    }

    internal Snapshot With(StoreChange change)
    {
        var objects = Of(change.Key.Resource);
        objects = change.IsDeletion ? objects.Remove(change.Key.Object) : objects.SetItem(change.Key.Object, change.After);
        return new Snapshot(change.Revision, Resources.SetItem(change.Key.Resource, objects));
    }
}
