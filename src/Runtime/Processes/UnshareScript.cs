using System.Text;

namespace Hikigane.Runtime.Processes;

/// <summary>
/// The sandbox of a machine without bubblewrap: <c>unshare</c> of util-linux and a shell script that builds the file tree of a
/// <see cref="MountPlan"/> in a folder of its own and changes its root there. User text reaches the script quoted or as an argument only.
/// </summary>
internal static class UnshareScript
{
    private const string Tools = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public static IReadOnlyList<string> Command(ContainerLaunch launch, MountPlan plan, bool freshProc)
    {
        List<string> arguments =
        [
            "setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation", "private",
        ];
        if (Environment.UserName != "root")
        {
            arguments.Add("--map-root-user");
        }

        return
        [
            .. arguments, "/bin/sh", "-c", Text(plan, Path.Combine(launch.ScratchDirectory, "root"), freshProc), "sandbox",
            launch.Environment.GetValueOrDefault("HOSTNAME", ""), launch.WorkingDirectory, .. ProgramReport.Command(ProgramReport.Path, launch.Command),
        ];
    }

    private static string Text(MountPlan plan, string root, bool freshProc)
    {
        var script = new StringBuilder("set -e\n");
        // The program's PATH is for the program.
        script.Append($"P=${{PATH-}}; PATH={Tools}\nR={Quote(root)}\nmkdir -p \"$R\"\nmount -t tmpfs -o mode=755 tmpfs \"$R\"\n");
        script.Append("mkdir \"$R/proc\" \"$R/dev\" \"$R/dev/pts\" \"$R/dev/shm\"\nchmod 1777 \"$R/dev/shm\"\n");
        script.Append("for d in null zero full random urandom tty; do : > \"$R/dev/$d\"; mount --bind /dev/$d \"$R/dev/$d\"; done\n");
        script.Append("mount --rbind /dev/pts \"$R/dev/pts\" 2>/dev/null || true\nln -s pts/ptmx \"$R/dev/ptmx\"\n");
        script.Append("ln -s /proc/self/fd \"$R/dev/fd\"; for d in 0:stdin 1:stdout 2:stderr; do ln -s /proc/self/fd/${d%:*} \"$R/dev/${d#*:}\"; done\n");
        script.Append(freshProc ? "mount -t proc proc \"$R/proc\"\n" : "mount --rbind /proc \"$R/proc\"\n");
        var mounts = HostMounts.Read();
        foreach (var step in plan.Steps)
        {
            script.Append(Line(step, mounts));
        }

        script.Append("[ -z \"$1\" ] || hostname \"$1\" 2>/dev/null || true\nmkdir -p \"$R$2\"\nd=$2; shift 2\n");
        script.Append("c=$(command -v chroot); s=$(command -v setsid); PATH=$P\nexec \"$c\" \"$R\" /bin/sh -c 'cd \"$0\" && exec \"$@\"' \"$d\" \"$s\" \"$@\"\n");
        return script.ToString();
    }

    private static string Line(MountStep step, HostMounts mounts) => step switch
    {
        MountStep.Tmpfs tmpfs => $"mkdir -p \"$R\"{Quote(tmpfs.Path)}\nmount -t tmpfs tmpfs \"$R\"{Quote(tmpfs.Path)}\n",
        MountStep.Link link => $"ln -s {Quote(link.Target)} \"$R\"{Quote(link.Path)}\n",
        MountStep.Bind bind => BindLine(bind, mounts),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string BindLine(MountStep.Bind bind, HostMounts mounts)
    {
        var target = "\"$R\"" + Quote(bind.Path);
        var room = Directory.Exists(bind.Source)
            ? $"[ -d {target} ] || mkdir -p {target}\n"
            : $"[ -e {target} ] || {{ mkdir -p \"$R\"{Quote(Path.GetDirectoryName(bind.Path) ?? "/")}; : > {target}; }}\n";
        if (!bind.IsReadOnly)
        {
            return $"{room}mount --rbind {Quote(bind.Source)} {target}\n";
        }

        // A folder of the host that cannot be bound is left out; what the pod asked for is not.
        var orElse = bind.Source == bind.Path ? " 2>/dev/null || true" : "";
        var line = new StringBuilder($"{room}mount -o rbind,ro{mounts.Flags(bind.Source)} {Quote(bind.Source)} {target}{orElse}\n");
        foreach (var inner in mounts.Below(bind.Source))
        {
            var at = "\"$R\"" + Quote(bind.Path + inner[bind.Source.Length..]);
            line.Append($"mount -o remount,bind,ro{mounts.Flags(inner)} {at} 2>/dev/null || umount -l {at} 2>/dev/null || true\n");
        }

        return line.ToString();
    }

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
