namespace Hikigane.Runtime.Processes;

/// <summary>
/// The file tree of a sandbox, step by step: an empty root, the host's top folders read-only, then the pod's own mounts. A mount point
/// that the host does not have is made: the read-only folder around it is opened into its entries first.
/// </summary>
internal sealed class MountPlan
{
    private static readonly string[] OwnFolders = ["proc", "dev", "tmp", "run", "lost+found"];

    private readonly List<MountStep> steps = [];
    private readonly HashSet<string> opened = ["/"];

    public IReadOnlyList<MountStep> Steps => steps;

    /// <param name="hidden">Folders of the host that a pod must not see, such as the server's data.</param>
    public static MountPlan For(IReadOnlyList<Bind> binds, IReadOnlyList<string> hidden)
    {
        var plan = new MountPlan();
        plan.Open("/", OwnFolders);
        plan.steps.Add(new MountStep.Tmpfs("/tmp"));
        plan.steps.Add(new MountStep.Tmpfs("/run"));
        plan.opened.UnionWith(["/tmp", "/run", "/dev"]);
        if (Directory.Exists("/run/systemd/resolve"))
        {
            plan.steps.Add(new MountStep.Bind("/run/systemd/resolve", "/run/systemd/resolve", true));
        }

        // What lies in the pod's own /tmp, /run or home is not seen anyway.
        plan.steps.AddRange(hidden.Where(folder => Directory.Exists(folder) && !IsPrivate(folder)).Select(folder => new MountStep.Tmpfs(folder)));
        foreach (var bind in binds)
        {
            plan.Add(bind);
        }

        return plan;
    }

    private static bool IsPrivate(string folder) => OwnFolders.Any(own => folder == "/" + own || folder.StartsWith($"/{own}/", StringComparison.Ordinal));

    private void Add(Bind bind)
    {
        var path = Resolved(bind.ContainerPath);
        MakeRoomFor(path);
        steps.Add(new MountStep.Bind(bind.HostPath, path, bind.IsReadOnly));
        opened.Add(path);
    }

    /// <summary>The mount point behind the host's own links: <c>/var/run/secrets</c> is <c>/run/secrets</c> where <c>/var/run</c> is a link.</summary>
    private static string Resolved(string path)
    {
        var resolved = "/";
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            resolved = Path.Combine(resolved, segment);
            if (new FileInfo(resolved).LinkTarget is not null && Directory.ResolveLinkTarget(resolved, returnFinalTarget: true) is { } target)
            {
                resolved = target.FullName;
            }
        }

        return resolved;
    }

    /// <summary>Opens every read-only folder of the host in which the mount point, or a folder on the way to it, is missing.</summary>
    private void MakeRoomFor(string path)
    {
        var inside = opened.Where(folder => folder == "/" || path.StartsWith(folder + "/", StringComparison.Ordinal)).MaxBy(folder => folder.Length)!;
        if (inside != "/" || Exists(path))
        {
            return;
        }

        for (var parent = Path.GetDirectoryName(path); parent is not null and not "/"; parent = Path.GetDirectoryName(parent))
        {
            if (Directory.Exists(parent))
            {
                steps.Add(new MountStep.Tmpfs(parent));
                Open(parent, []);
                opened.Add(parent);
                return;
            }
        }
    }

    private static bool Exists(string path) => Directory.Exists(path) || File.Exists(path);

    private void Open(string folder, string[] except) => Show(new DirectoryInfo(folder).EnumerateFileSystemInfos()
        .Where(entry => !except.Contains(entry.Name)).OrderBy(entry => entry.Name, StringComparer.Ordinal));

    private void Show(IEnumerable<FileSystemInfo> entries)
    {
        foreach (var entry in entries)
        {
            steps.Add(entry.LinkTarget is { } target
                ? new MountStep.Link(target, entry.FullName)
                : new MountStep.Bind(entry.FullName, entry.FullName, true));
        }
    }
}

/// <summary>One step of building the tree.</summary>
internal abstract record MountStep
{
    private MountStep()
    {
    }

    public sealed record Tmpfs(string Path) : MountStep;

    public sealed record Link(string Target, string Path) : MountStep;

    public sealed record Bind(string Source, string Path, bool IsReadOnly) : MountStep;
}
