namespace Hikigane.ApiServer.Rest;

/// <summary>A request path taken apart: <c>/api/v1/…</c> or <c>/apis/group/version/…</c>.</summary>
public sealed record ApiPath(string Group, string Version, string Plural, string Namespace, string Name, string? Subresource, string Rest)
{
    /// <summary>Null when the path names no resource (discovery, health, anything else).</summary>
    public static ApiPath? Parse(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int at;
        string group;
        string version;
        switch (parts)
        {
            case ["api", var only, _, ..]:
                (group, version, at) = ("", only, 2);
                break;
            case ["apis", var named, var its, _, ..]:
                (group, version, at) = (named, its, 3);
                break;
            default:
                return null;
        }

        if (parts[at] == "watch")
        {
            return null;
        }

        // namespaces/NAME alone and its own subresources are about the Namespace; with more behind, it is the scope.
        if (parts[at] == "namespaces" && parts.Length > at + 2 && !(group.Length == 0 && parts.Length == at + 3 && parts[at + 2] is "status" or "finalize"))
        {
            return Of(group, version, parts[at + 1], parts.AsSpan(at + 2));
        }

        return Of(group, version, "", parts.AsSpan(at));
    }

    private static ApiPath Of(string group, string version, string ns, ReadOnlySpan<string> parts) => new(
        group, version, parts[0], Uri.UnescapeDataString(ns), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "",
        parts.Length > 2 ? parts[2] : null, parts.Length > 3 ? string.Join('/', parts[3..].ToArray()) : "");
}
