namespace Hikigane.Runtime.Processes;

/// <summary>Finds out, once, which sandbox this machine allows by writing through a mount in each.</summary>
public static class SandboxProbe
{
    /// <summary>The best sandbox that works; null when none does.</summary>
    public static async Task<SandboxKind?> FindAsync(CancellationToken cancellationToken)
    {
        foreach (var kind in new[] { SandboxKind.Bubblewrap, SandboxKind.BubblewrapSharedProc, SandboxKind.Unshare, SandboxKind.UnshareSharedProc })
        {
            if (await WorksAsync(kind, cancellationToken))
            {
                return kind;
            }
        }

        return null;
    }

    /// <summary>What to tell somebody on whose machine no sandbox works.</summary>
    public const string Refusal =
        "no sandbox for processes: neither bubblewrap (bwrap) nor unshare of util-linux may create namespaces here; allow user namespaces, run as root, or pass --no-sandbox";

    internal static async Task<bool> WorksAsync(SandboxKind kind, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("hikigane-probe-").FullName;
        var launch = new ContainerLaunch
        {
            Command = ["/bin/sh", "-c", "echo works > /workspace/probe"],
            Environment = new Dictionary<string, string> { ["PATH"] = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" },
            WorkingDirectory = "/tmp",
            Binds = [new Bind(folder, "/workspace")],
            Output = static (_, _) => { },
            ScratchDirectory = Path.Combine(folder, "scratch"),
        };
        try
        {
            var running = await new ProcessRuntime(kind, []).StartAsync(launch, cancellationToken);
            return await running.Exit.WaitAsync(cancellationToken) is { Code: 0 };
        }
        catch (ContainerStartException)
        {
            return false;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
