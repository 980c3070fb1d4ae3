namespace Hikigane.Runtime.Processes;

/// <summary>Finds out, once, which sandbox this machine allows by running <c>true</c> in each.</summary>
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
        "no sandbox for processes: neither bubblewrap (bwrap) nor unshare may create namespaces here; allow user namespaces or pass --no-sandbox";

    internal static async Task<bool> WorksAsync(SandboxKind kind, CancellationToken cancellationToken)
    {
        var launch = new ContainerLaunch
        {
            Command = ["/bin/sh", "-c", "echo works"],
            Environment = new Dictionary<string, string> { ["PATH"] = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" },
            WorkingDirectory = "/tmp",
            Binds = [],
            Output = static (_, _) => { },
        };
        try
        {
            var running = await new ProcessRuntime(kind, []).StartAsync(launch, cancellationToken);
            return await running.Exit.WaitAsync(cancellationToken) == 0;
        }
        catch (ContainerStartException)
        {
            return false;
        }
    }
}
