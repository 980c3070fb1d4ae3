using System.Collections.Frozen;

namespace Hikigane.ApiServer.Registry;

/// <summary>One group and its versions in order of preference.</summary>
public sealed record ServedGroup(string Name, IReadOnlyList<string> Versions);

/// <summary>An unchanging view of all served resources, for lookups by path and by kind.</summary>
public sealed class ResourceSnapshot
{
    private readonly FrozenDictionary<(string, string, string), ServedResource> byPath;
    private readonly FrozenDictionary<(string, string, string), ServedResource> byKind;

    internal ResourceSnapshot(IReadOnlyList<ServedResource> all)
    {
        All = all;
        byPath = Index(all, resource => (resource.Type.Group, resource.Type.Version, resource.Type.Plural));
        byKind = Index(all.Where(resource => resource.Type.Kind != "Scale"), resource => (resource.Type.Group, resource.Type.Version, resource.Type.Kind));
        Groups = [.. all.GroupBy(resource => resource.Type.Group).Select(group => new ServedGroup(
            group.Key, [.. group.Select(resource => resource.Type.Version).Distinct().Order(VersionOrder.Preferred)]))];
    }

    public IReadOnlyList<ServedResource> All { get; }

    public IReadOnlyList<ServedGroup> Groups { get; }

    public ServedResource? Find(string group, string version, string plural) => byPath.GetValueOrDefault((group, version, plural));

    public ServedResource? FindKind(string group, string version, string kind) => byKind.GetValueOrDefault((group, version, kind));

    public IEnumerable<ServedResource> In(string group, string version) =>
        All.Where(resource => resource.Type.Group == group && resource.Type.Version == version);

    private static FrozenDictionary<(string, string, string), ServedResource> Index(IEnumerable<ServedResource> all, Func<ServedResource, (string, string, string)> key)
    {
        var index = new Dictionary<(string, string, string), ServedResource>();
        foreach (var resource in all)
        {
            // The first wins: a definition never hides a built-in kind.
            index.TryAdd(key(resource), resource);
        }

        return index.ToFrozenDictionary();
    }
}
