namespace Hikigane.Runtime;

/// <summary>
/// What runs containers: host processes in a sandbox, or a container engine. Starting returns once the program runs; a program that
/// cannot be started throws a <see cref="ContainerStartException"/>. Cancelling gives up starting. The output callback is called in
/// order, from one thread at a time, and never again after <see cref="RunningContainer.Exit"/> has completed.
/// </summary>
public interface IPodRuntime
{
    /// <summary>Prefix of container and image ids: <c>processes</c>.</summary>
    public string Name { get; }

    /// <summary>What the status shows as <c>imageID</c>.</summary>
    public string ImageId(string image);

    /// <summary>A sentence for people when the image does not decide what runs; null when it does.</summary>
    public string? ImageNotice { get; }

    public Task<RunningContainer> StartAsync(ContainerLaunch launch, CancellationToken cancellationToken);

    /// <summary>Command that runs another command inside a running container; null when it cannot be entered.</summary>
    public IReadOnlyList<string>? EnterCommand(RunningContainer container, IReadOnlyList<string> command);
}

/// <summary>Receives output of a container: from which of its streams, and the bytes.</summary>
public delegate void ContainerOutput(OutputStream stream, ReadOnlySpan<byte> bytes);

/// <summary>Which stream of a program.</summary>
public enum OutputStream
{
    Stdout,
    Stderr,
}

/// <summary>A directory or file of the host that a container sees at a path.</summary>
public sealed record Bind(string HostPath, string ContainerPath, bool IsReadOnly = false);

/// <summary>One program to start, as the container's spec and its pod decide.</summary>
public sealed record ContainerLaunch
{
    public required IReadOnlyList<string> Command { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required string WorkingDirectory { get; init; }

    /// <summary>Outer paths before inner ones.</summary>
    public required IReadOnlyList<Bind> Binds { get; init; }

    /// <summary>Paths of the host that the container sees read-only where they are, unless they are the server's own.</summary>
    public IReadOnlyList<string> Shown { get; init; } = [];

    public required ContainerOutput Output { get; init; }

    /// <summary>A folder of the host, outside the container, for what the runtime itself has to keep while the program runs.</summary>
    public string ScratchDirectory { get; init; } = Path.Combine(Path.GetTempPath(), "hikigane-run");

    public Stream? Stdin { get; init; }
}

/// <summary>A program that was started.</summary>
/// <param name="ProcessId">The host's process id of the outermost process.</param>
/// <param name="Exit">Completes after the last output.</param>
/// <param name="Signal">Sends a signal to the program's processes; harmless after its end.</param>
public sealed record RunningContainer(int ProcessId, Task<ContainerExit> Exit, Action<int> Signal)
{
    /// <summary>Whether all that the program sees is in place, so that another may join it.</summary>
    public Func<bool> CanBeEntered { get; init; } = static () => true;
}

/// <summary>How a program ended.</summary>
/// <param name="Code">The exit code; 128 + signal for one that a signal ended.</param>
/// <param name="IsBySignal">Whether a signal ended it: the code alone does not tell.</param>
public readonly record struct ContainerExit(int Code, bool IsBySignal);

/// <summary>The program cannot be started; the message is what the container's status shows.</summary>
public sealed class ContainerStartException(string message) : Exception(message);
