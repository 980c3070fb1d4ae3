namespace Hikigane.Pipelines.Pods;

/// <summary>The shortest path that means the same: no empty parts, no <c>.</c>, no <c>..</c> that can be resolved. As Go path.Clean.</summary>
internal static class CleanPath
{
    public static string Of(string path)
    {
        var isRooted = path.StartsWith('/');
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0 && parts[^1] != "..")
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part != "." && !(part == ".." && isRooted))
            {
                parts.Add(part);
            }
        }

        var joined = string.Join('/', parts);
        return isRooted ? "/" + joined : joined.Length == 0 ? "." : joined;
    }
}
