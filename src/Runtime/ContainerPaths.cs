namespace Hikigane.Runtime;

/// <summary>
/// Where a path of a container is on the host: through its mounts, and through symbolic links as the container sees them, so that a link
/// made inside a container cannot lead out of it.
/// </summary>
public sealed class ContainerPaths(IReadOnlyList<Bind> binds)
{
    private const int MostLinks = 40;

    /// <summary>The host's path of a container's path; parts that do not exist stay as they are.</summary>
    public string ToHost(string containerPath) => Resolve(containerPath, followLast: true);

    /// <summary>As <see cref="ToHost"/>, but a link at the end is itself the answer.</summary>
    public string LinkToHost(string containerPath) => Resolve(containerPath, followLast: false);

    private string Resolve(string containerPath, bool followLast)
    {
        var links = 0;
        var rest = new Stack<string>(Segments(containerPath).Reverse());
        var done = "/";
        while (rest.TryPop(out var segment))
        {
            if (segment == "..")
            {
                done = Path.GetDirectoryName(done) ?? "/";
                continue;
            }

            var next = done == "/" ? "/" + segment : $"{done}/{segment}";
            var target = (followLast || rest.Count > 0) && links < MostLinks ? new FileInfo(ByMount(next)).LinkTarget : null;
            if (target is null)
            {
                done = next;
                continue;
            }

            links++;
            done = target.StartsWith('/') ? "/" : done;
            foreach (var part in Segments(target).Reverse())
            {
                rest.Push(part);
            }
        }

        return ByMount(done);
    }

    private static IEnumerable<string> Segments(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment != ".");

    private string ByMount(string path)
    {
        for (var i = binds.Count - 1; i >= 0; i--)
        {
            var mount = binds[i].ContainerPath;
            if (path == mount || path.StartsWith(mount.TrimEnd('/') + "/", StringComparison.Ordinal))
            {
                var inside = path[Math.Min(path.Length, mount.TrimEnd('/').Length)..];
                return inside is "" or "/" ? binds[i].HostPath : binds[i].HostPath.TrimEnd('/') + inside;
            }
        }

        return path;
    }
}
