using System.Collections.Concurrent;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Kube;

/// <summary>Which resources an API serves, asked once per group and version and again when a kind is not among them. Any thread may ask.</summary>
public sealed class ApiDiscovery(HttpKube kube, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, (IReadOnlyList<ResourceType> Types, long ReadAt)> known = new();

    /// <summary>The resource of a manifest's <c>apiVersion</c> and <c>kind</c>; null when it is not served.</summary>
    public async ValueTask<ResourceType?> FindAsync(string apiVersion, string kind, CancellationToken cancellationToken)
    {
        if (known.TryGetValue(apiVersion, out var kept)
            && (Of(kept.Types, kind) is not null || time.GetElapsedTime(kept.ReadAt) < Fresh))
        {
            return Of(kept.Types, kind);
        }

        var types = await ReadAsync(apiVersion, cancellationToken);
        known[apiVersion] = (types, time.GetTimestamp());
        return Of(types, kind);
    }

    /// <summary>Whether a group and version were served when they were last asked for; true as long as nobody asked.</summary>
    public bool Serves(string apiVersion) => !known.TryGetValue(apiVersion, out var kept) || kept.Types.Count > 0;

    private async Task<IReadOnlyList<ResourceType>> ReadAsync(string apiVersion, CancellationToken cancellationToken)
    {
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var (group, version) = slash < 0 ? ("", apiVersion) : (apiVersion[..slash], apiVersion[(slash + 1)..]);
        if (version.Length == 0)
        {
            return [];
        }

        try
        {
            var path = group.Length == 0 ? $"/api/{Uri.EscapeDataString(version)}" : $"/apis/{Uri.EscapeDataString(group)}/{Uri.EscapeDataString(version)}";
            var list = await kube.GetAsync(path, cancellationToken);
            return
            [
                .. list.Objects("resources").Where(one => one.Text("name")?.Contains('/', StringComparison.Ordinal) == false)
                    .Select(one => new ResourceType(group, version, one.Text("name")!, one.Text("kind") ?? "", one.Flag("namespaced"))),
            ];
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            return [];
        }
    }

    private static ResourceType? Of(IReadOnlyList<ResourceType> types, string kind) => types.FirstOrDefault(type => type.Kind == kind);
}
