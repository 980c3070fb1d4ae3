using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Hikigane.Runtime.Processes;

/// <summary>
/// Containers as processes of the host, each in its own file tree where the pod's volumes are at their paths. The image is not used.
/// </summary>
public sealed class ProcessRuntime(SandboxKind sandbox, IReadOnlyList<string> hidden) : IPodRuntime
{
    public string Name => "processes";

    public string ImageId(string image) => "processes://host";

    public string? ImageNotice => "The image is not used: the container runs as a process of this machine";

    public async Task<RunningContainer> StartAsync(ContainerLaunch launch, CancellationToken cancellationToken)
    {
        var program = FindProgram(launch);
        var report = NewReport(launch.ScratchDirectory);
        var command = Sandbox.Command(sandbox, launch, report, hidden);
        var process = new Process { StartInfo = StartInfo(command, launch) };
        try
        {
            await SpawnThread.RunAsync(process.Start);
        }
        catch (Win32Exception exception)
        {
            process.Dispose();
            File.Delete(report);
            throw new ContainerStartException($"exec: \"{program}\": {exception.Message}");
        }

        // A short program may have ended, and its handle be gone, before the next line.
        var processId = process.Id;
        var sent = new ConcurrentBag<int>();
        return new RunningContainer(processId, FollowAsync(process, launch, report, sent), signal =>
        {
            sent.Add(signal);
            Signal(process, signal);
        })
        {
            CanBeEntered = () => ProgramReport.HasBegun(report),
        };
    }

    public IReadOnlyList<string>? EnterCommand(RunningContainer container, IReadOnlyList<string> command)
    {
        var inner = Innermost(container.ProcessId);
        return sandbox == SandboxKind.None
            ? command
            : ["nsenter", "--target", $"{inner}", "--mount", "--pid", "--root", "--wd", .. System.Environment.UserName == "root" ? Array.Empty<string>() : ["--user", "--preserve-credentials"], "--", .. command];
    }

    private ProcessStartInfo StartInfo(IReadOnlyList<string> command, ContainerLaunch launch)
    {
        var info = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = sandbox == SandboxKind.None ? new ContainerPaths(launch.Binds).ToHost(launch.WorkingDirectory) : "/",
        };
        info.Environment.Clear();
        foreach (var (key, value) in launch.Environment)
        {
            info.Environment[key] = value;
        }

        return info;
    }

    private static string NewReport(string directory)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, Path.GetRandomFileName());
        File.WriteAllBytes(path, []);
        return path;
    }

    /// <summary>A program that is not there is known before anything starts, as a container engine knows it.</summary>
    private static string FindProgram(ContainerLaunch launch)
    {
        var program = launch.Command.Count == 0 ? "" : launch.Command[0];
        var paths = new ContainerPaths(launch.Binds);
        if (program.Length == 0)
        {
            throw new ContainerStartException("no command specified");
        }

        if (program.Contains('/', StringComparison.Ordinal))
        {
            var full = program.StartsWith('/') ? program : $"{launch.WorkingDirectory.TrimEnd('/')}/{program}";
            if (!File.Exists(paths.ToHost(full)))
            {
                throw new ContainerStartException($"exec: \"{program}\": stat {program}: no such file or directory");
            }
        }
        else if (!launch.Environment.GetValueOrDefault("PATH", "/usr/bin:/bin").Split(':').Any(folder => File.Exists(paths.ToHost($"{folder}/{program}"))))
        {
            throw new ContainerStartException($"exec: \"{program}\": executable file not found in $PATH");
        }

        return program;
    }

    private static async Task<ContainerExit> FollowAsync(Process process, ContainerLaunch launch, string report, ConcurrentBag<int> sent)
    {
        var gate = new Lock();
        using var ended = new CancellationTokenSource();
        try
        {
            var input = FeedAsync(process, launch.Stdin, ended.Token);
            await Task.WhenAll(
                PumpAsync(process.StandardOutput.BaseStream, OutputStream.Stdout, launch.Output, gate),
                PumpAsync(process.StandardError.BaseStream, OutputStream.Stderr, launch.Output, gate),
                // Whoever started the process waits for its real end; cancelling kills it through its signals.
                process.WaitForExitAsync(CancellationToken.None));
            await ended.CancelAsync();
            await input;
            return ProgramReport.Read(await File.ReadAllTextAsync(report, CancellationToken.None), process.ExitCode, sent);
        }
        finally
        {
            process.Dispose();
            File.Delete(report);
        }
    }

    private static async Task FeedAsync(Process process, Stream? stdin, CancellationToken cancellationToken)
    {
        try
        {
            if (stdin is not null)
            {
                await stdin.CopyToAsync(process.StandardInput.BaseStream, cancellationToken);
            }

            process.StandardInput.Close();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
        }
    }

    private static async Task PumpAsync(Stream source, OutputStream stream, ContainerOutput output, Lock gate)
    {
        var buffer = new byte[8192];
        try
        {
            int read;
            while ((read = await source.ReadAsync(buffer, CancellationToken.None)) > 0)
            {
                lock (gate)
                {
                    output(stream, buffer.AsSpan(0, read));
                }
            }
        }
        catch (IOException)
        {
        }
    }

    /// <summary>The processes of the program, from inside the sandbox: their group. A kill goes to the sandbox itself, which takes all with it.</summary>
    private void Signal(Process process, int signal)
    {
        try
        {
            if (process.HasExited)
            {
                return;
            }

            var inner = Innermost(process.Id);
            var group = GroupOf(inner);
            _ = group > 1 && group != GroupOf(0) && Kill(-group, signal) == 0 ? 0 : Kill(inner, signal);
            if (signal == 9)
            {
                _ = Kill(process.Id, 9);
            }
        }
        catch (InvalidOperationException)
        {
        }
    }

    /// <summary>The first process of the program: below bubblewrap's two, or below unshare.</summary>
    private int Innermost(int outer)
    {
        var depth = sandbox switch
        {
            SandboxKind.Bubblewrap or SandboxKind.BubblewrapSharedProc => 2,
            SandboxKind.Unshare or SandboxKind.UnshareSharedProc => 1,
            _ => 0,
        };
        var current = outer;
        for (var i = 0; i < depth && FirstChild(current) is { } child; i++)
        {
            current = child;
        }

        return current;
    }

    private static int? FirstChild(int parent)
    {
        try
        {
            var children = File.ReadAllText($"/proc/{parent}/task/{parent}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return children.Length > 0 ? int.Parse(children[0]) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Of this process itself for 0; negative when there is no such process.</summary>
    [DllImport("libc", EntryPoint = "getpgid", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GroupOf(int process);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
