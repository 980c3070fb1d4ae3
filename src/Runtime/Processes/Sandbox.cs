namespace Hikigane.Runtime.Processes;

/// <summary>What keeps processes apart from the host and from one another.</summary>
public enum SandboxKind
{
    /// <summary>bubblewrap.</summary>
    Bubblewrap,

    /// <summary>bubblewrap where a fresh <c>/proc</c> is refused, as inside many containers.</summary>
    BubblewrapSharedProc,

    /// <summary><c>unshare</c> of util-linux, and a script of mounts.</summary>
    Unshare,

    /// <summary>The same where a fresh <c>/proc</c> is refused.</summary>
    UnshareSharedProc,

    /// <summary>None: the process sees the host as it is. Only when the user asked for it.</summary>
    None,
}

/// <summary>
/// The command line that runs a program in its own file tree and process namespace, and dies with the server. Innermost is always
/// <see cref="ProgramReport"/>'s shell, which says how the program ended.
/// </summary>
internal static class Sandbox
{
    /// <param name="report">A file of the host that the report goes to.</param>
    public static IReadOnlyList<string> Command(SandboxKind kind, ContainerLaunch launch, string report, IReadOnlyList<string> hidden) => kind switch
    {
        SandboxKind.Bubblewrap or SandboxKind.BubblewrapSharedProc =>
            [.. Bubblewrap(launch, Plan(launch, report, hidden), kind == SandboxKind.Bubblewrap), .. ProgramReport.Command(ProgramReport.Path, launch.Command)],
        SandboxKind.Unshare or SandboxKind.UnshareSharedProc => UnshareScript.Command(launch, Plan(launch, report, hidden), kind == SandboxKind.Unshare),
        _ => ["setpriv", "--pdeathsig", "KILL", "setsid", .. ProgramReport.Command(report, ["setpriv", "--pdeathsig", "KILL", .. launch.Command])],
    };

    private static MountPlan Plan(ContainerLaunch launch, string report, IReadOnlyList<string> hidden) =>
        MountPlan.For(
            [
                .. launch.Binds,
                .. launch.Shown.Where(path => !hidden.Any(folder => Overlap(path, folder))).Select(path => new Bind(path, path, IsReadOnly: true)),
                new Bind(report, ProgramReport.Path),
            ],
            hidden);

    private static bool Overlap(string one, string other) =>
        (one + "/").StartsWith(other + "/", StringComparison.Ordinal) || (other + "/").StartsWith(one + "/", StringComparison.Ordinal);

    private static List<string> Bubblewrap(ContainerLaunch launch, MountPlan plan, bool freshProc)
    {
        List<string> arguments = ["bwrap", "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc", "--unshare-uts"];
        var hostName = launch.Environment.GetValueOrDefault("HOSTNAME");
        if (!string.IsNullOrEmpty(hostName))
        {
            arguments.AddRange(["--hostname", hostName.Length > 63 ? hostName[..63] : hostName]);
        }

        arguments.AddRange(freshProc ? ["--proc", "/proc"] : ["--ro-bind", "/proc", "/proc"]);
        arguments.AddRange(["--dev", "/dev"]);
        foreach (var step in plan.Steps)
        {
            arguments.AddRange(step switch
            {
                MountStep.Tmpfs tmpfs => ["--tmpfs", tmpfs.Path],
                MountStep.Link link => ["--symlink", link.Target, link.Path],
                MountStep.Bind bind => [bind.IsReadOnly ? "--ro-bind-try" : "--bind", bind.Source, bind.Path],
                _ => throw new System.Diagnostics.UnreachableException(),
            });
        }

        arguments.AddRange(["--dir", launch.WorkingDirectory, "--chdir", launch.WorkingDirectory, "--"]);
        return arguments;
    }
}
