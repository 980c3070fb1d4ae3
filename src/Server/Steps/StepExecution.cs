using Hikigane.Pipelines.Steps;
using Hikigane.Runtime;

namespace Hikigane.Server.Steps;

/// <summary>One run of a step's command: started, watched for its deadline and its cancellation, ended.</summary>
internal sealed class StepExecution(StepShell shell, ContainerPaths paths, PodSignals signals, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, FileStream> copies = [];

    public async Task<StepOutcome> RunAsync(StepAction.Run run, CancellationToken cancellationToken)
    {
        try
        {
            if (OpenCopies(run) is { } problem || (problem = Check(run)) is not null)
            {
                return new StepOutcome.NotStarted(problem);
            }

            var launch = shell.Launch with
            {
                Command = run.Command,
                Environment = run.Environment,
                Shown = [.. NamedFiles.In(Text(run))],
                Output = (stream, bytes) => Write(run, stream, bytes),
            };
            RunningContainer running;
            try
            {
                running = await shell.StartAsync(launch, cancellationToken);
            }
            catch (ContainerStartException exception)
            {
                return new StepOutcome.NotStarted(exception.Message);
            }

            return await WatchAsync(run, running, cancellationToken);
        }
        finally
        {
            foreach (var copy in copies.Values)
            {
                await copy.DisposeAsync();
            }
        }
    }

    private async Task<StepOutcome> WatchAsync(StepAction.Run run, RunningContainer running, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var deadline = run.Timeout is { } timeout ? Task.Delay(timeout, time, ended.Token) : Task.Delay(Timeout.InfiniteTimeSpan, time, ended.Token);
        var cancelled = signals.WaitUntilAsync(() => new FileInfo(paths.ToHost(run.CancelPath)) is { Exists: true, Length: > 0 }, ended.Token);
        var passing = PassSignalsAsync(running, ended.Token);
        var first = await Task.WhenAny(running.Exit, deadline, cancelled);
        if (first != running.Exit)
        {
            running.Signal(9);
        }

        var exit = await running.Exit;
        // Go reports -1 for a program that a signal ended, which a process returns as 255.
        var outcome = first == running.Exit ? (StepOutcome)new StepOutcome.Exited(exit.IsBySignal ? 255 : exit.Code)
            : first == deadline && !cancellationToken.IsCancellationRequested ? new StepOutcome.TimedOut()
            : first == cancelled && !cancellationToken.IsCancellationRequested ? new StepOutcome.Cancelled()
            : new StepOutcome.Exited(137);
        await ended.CancelAsync();
        await Task.WhenAll(passing, deadline, cancelled).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return outcome;
    }

    /// <summary>All that the step was given to read: its words, its variables, its script.</summary>
    private string Text(StepAction.Run run)
    {
        var script = run.Command[0].StartsWith("/tekton/scripts/", StringComparison.Ordinal) ? File.ReadAllText(paths.ToHost(run.Command[0])) : "";
        return string.Join('\n', [.. run.Command, .. run.Environment.Values, script]);
    }

    private async Task PassSignalsAsync(RunningContainer running, CancellationToken cancellationToken)
    {
        await foreach (var signal in shell.Received.ReadAllAsync(cancellationToken))
        {
            running.Signal(signal);
        }
    }

    private void Write(StepAction.Run run, OutputStream stream, ReadOnlySpan<byte> bytes)
    {
        shell.Launch.Output(stream, bytes);
        if ((stream == OutputStream.Stdout ? run.StdoutPath : run.StderrPath) is { } path)
        {
            lock (gate)
            {
                copies[path].Write(bytes);
            }
        }
    }

    private string? OpenCopies(StepAction.Run run)
    {
        foreach (var path in new[] { run.StdoutPath, run.StderrPath }.OfType<string>().Where(path => !copies.ContainsKey(path)))
        {
            var host = paths.ToHost(path);
            var parent = Path.GetDirectoryName(path) ?? "/";
            try
            {
                if (File.Exists(paths.ToHost(parent)))
                {
                    return $"error creating parent directory: mkdir {parent}: not a directory";
                }

                Directory.CreateDirectory(Path.GetDirectoryName(host)!);
                copies[path] = new FileStream(host, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return $"error opening {path}: {exception.Message}";
            }
        }

        return null;
    }

    /// <summary>What the operating system would refuse, in Go's words; a shell in between would be more lenient.</summary>
    private string? Check(StepAction.Run run)
    {
        var program = run.Command.Count > 0 ? run.Command[0] : "";
        if (program.Length == 0)
        {
            return "exec: no command";
        }

        var candidates = program.Contains('/', StringComparison.Ordinal)
            ? [program.StartsWith('/') ? program : $"{shell.Launch.WorkingDirectory.TrimEnd('/')}/{program}"]
            : run.Environment.GetValueOrDefault("PATH", "").Split(':').Select(folder => $"{folder}/{program}");
        var found = candidates.Select(paths.ToHost).FirstOrDefault(candidate => File.Exists(candidate) || Directory.Exists(candidate));
        if (found is null)
        {
            return program.Contains('/', StringComparison.Ordinal)
                ? $"fork/exec {program}: no such file or directory"
                : $"exec: \"{program}\": executable file not found in $PATH";
        }

        if (Directory.Exists(found) || (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(found) & (UnixFileMode)0x49) == 0))
        {
            return $"fork/exec {program}: permission denied";
        }

        using var file = File.OpenRead(found);
        Span<byte> magic = stackalloc byte[4];
        var read = file.ReadAtLeast(magic, 4, throwOnEndOfStream: false);
        return magic[..read].StartsWith("#!"u8) || magic[..read].StartsWith("\u007fELF"u8) ? null : $"fork/exec {program}: exec format error";
    }
}
