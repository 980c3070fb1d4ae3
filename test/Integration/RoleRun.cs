using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Hikigane.Integration;

/// <summary>A role as a process of its own: <c>hikigane controller …</c>. It is ready when it says so; disposing kills it.</summary>
internal sealed class RoleRun : IDisposable
{
    private readonly Process process;

    private RoleRun(Process process) => this.process = process;

    /// <summary>What it said when it was ready.</summary>
    public string Said { get; private set; } = "";

    /// <summary>The port that it said it serves on.</summary>
    public int Port => int.Parse(Said.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);

    public static async Task<RoleRun> StartAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var start = new ProcessStartInfo(UpProcess.Executable) { RedirectStandardOutput = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var run = new RoleRun(Process.Start(start)!);
        run.Said = await run.process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException($"hikigane {arguments[0]} ended before it was ready");
        return run;
    }

    /// <summary>Kills it on the spot, as a machine that loses its power.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Asks it to end (SIGTERM); its exit code.</summary>
    public async Task<int> EndAsync(CancellationToken cancellationToken)
    {
        using var signal = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await signal.WaitForExitAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            Kill();
        }

        process.Dispose();
    }

    /// <summary>A port that nobody listens on.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
