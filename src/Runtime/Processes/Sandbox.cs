using System.Text;

namespace Hikigane.Runtime.Processes;

/// <summary>How processes are kept apart from the host, best first.</summary>
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

/// <summary>The command line that runs a program in its own file tree and process namespace, and dies with the server.</summary>
internal static class Sandbox
{
    public static IReadOnlyList<string> Command(SandboxKind kind, ContainerLaunch launch, IReadOnlyList<string> hidden) => kind switch
    {
        SandboxKind.Bubblewrap or SandboxKind.BubblewrapSharedProc =>
            [.. Bubblewrap(launch, hidden, kind == SandboxKind.Bubblewrap), .. launch.Command],
        SandboxKind.Unshare or SandboxKind.UnshareSharedProc =>
            [.. Unshare(launch, hidden, kind == SandboxKind.Unshare), .. launch.Command],
        _ => ["setsid", "--wait", .. launch.Command],
    };

    private static List<string> Bubblewrap(ContainerLaunch launch, IReadOnlyList<string> hidden, bool freshProc)
    {
        List<string> arguments = ["bwrap", "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc", "--unshare-uts"];
        var hostName = launch.Environment.GetValueOrDefault("HOSTNAME");
        if (!string.IsNullOrEmpty(hostName))
        {
            arguments.AddRange(["--hostname", hostName.Length > 63 ? hostName[..63] : hostName]);
        }

        arguments.AddRange(freshProc ? ["--proc", "/proc"] : ["--ro-bind", "/proc", "/proc"]);
        arguments.AddRange(["--dev", "/dev"]);
        foreach (var step in MountPlan.For(launch.Binds, hidden).Steps)
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

    /// <summary>The script gets the working directory as $1 and the command behind it, so that no user text is ever part of the script unquoted.</summary>
    private static List<string> Unshare(ContainerLaunch launch, IReadOnlyList<string> hidden, bool freshProc)
    {
        var script = new StringBuilder("set -e\nR=/tmp\nmount -t tmpfs -o mode=755 tmpfs $R\n");
        script.Append("mkdir $R/proc $R/dev\nmount --rbind /dev $R/dev\n");
        script.Append(freshProc ? "mount -t proc proc $R/proc\n" : "mount --rbind /proc $R/proc\n");
        // The tree is built over /tmp: sources below /tmp are reached through a handle that was opened before.
        foreach (var step in MountPlan.For(launch.Binds, hidden).Steps)
        {
            script.Append(Line(step));
        }

        var prefix = new StringBuilder("exec 9</tmp\n").Append(script);
        prefix.Append("mkdir -p \"$R$1\"\nexec 9<&-\nd=$1; shift\nexec chroot $R /bin/sh -c 'cd \"$0\" && exec \"$@\"' \"$d\" \"$@\"\n");
        List<string> arguments = ["setsid", "--wait", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--propagation", "private"];
        if (System.Environment.UserName != "root")
        {
            arguments.Add("--map-root-user");
        }

        arguments.AddRange(["/bin/sh", "-c", prefix.ToString(), "sandbox", launch.WorkingDirectory]);
        return arguments;
    }

    private static string Line(MountStep step) => step switch
    {
        MountStep.Tmpfs tmpfs => $"mkdir -p $R{Quote(tmpfs.Path)} && mount -t tmpfs tmpfs $R{Quote(tmpfs.Path)}\n",
        MountStep.Link link => $"ln -s {Quote(link.Target)} $R{Quote(link.Path)}\n",
        MountStep.Bind bind => BindLine(bind),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string BindLine(MountStep.Bind bind)
    {
        var source = bind.Source.StartsWith("/tmp/", StringComparison.Ordinal)
            ? "/proc/self/fd/9" + Quote(bind.Source["/tmp".Length..])
            : Quote(bind.Source);
        var target = "$R" + Quote(bind.Path);
        var room = Directory.Exists(bind.Source)
            ? $"mkdir -p {target}"
            : $"mkdir -p $(dirname {target}) && {{ [ -e {target} ] || : > {target}; }}";
        // A folder of the host may itself hold mounts that cannot be bound; such a folder is left out, the pod's own mounts are not.
        var lenient = bind.Source == bind.Path && bind.IsReadOnly ? " || true" : "";
        var readOnly = bind.IsReadOnly ? $" && {{ mount -o remount,ro,bind {target} 2>/dev/null || true; }}" : "";
        return $"{room} && mount --rbind {source} {target}{readOnly}{lenient}\n";
    }

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
