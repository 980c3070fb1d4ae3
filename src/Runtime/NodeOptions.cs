namespace Hikigane.Runtime;

/// <summary>The node that this process is, and where it keeps what its pods write.</summary>
public sealed record NodeOptions
{
    public string NodeName { get; init; } = "hikigane";

    /// <summary>Pods' volumes, logs and volumes of claims are below it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Where containers reach the API.</summary>
    public string ApiHost { get; init; } = "127.0.0.1";

    public int ApiPort { get; init; } = 6443;

    /// <summary>PEM of the API server's authority, for mounted service account tokens; empty when unknown.</summary>
    public string ApiAuthority { get; init; } = "";

    public string NodeAddress { get; init; } = "127.0.0.1";

    public string PodDirectory(string uid) => Path.Combine(DataDirectory, "pods", uid);
}

/// <summary>What can run a container: this process itself, else the runtime.</summary>
public sealed record ContainerHost(IPodRuntime Runtime, HostedContainers Hosted)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    /// <summary>The command that runs another command inside a running container, as soon as it can; null when it cannot be entered.</summary>
    internal async Task<IReadOnlyList<string>?> EnterAsync(RunningContainer running, IReadOnlyList<string> command, TimeProvider time, CancellationToken cancellationToken)
    {
        while (!running.CanBeEntered() && !running.Exit.IsCompleted)
        {
            await Task.Delay(LookAgain, time, cancellationToken);
        }

        return Runtime.EnterCommand(running, command);
    }

    /// <summary>Whether what the container asks for is run by the runtime and not by this process's own parts.</summary>
    internal bool IsOutside(System.Text.Json.Nodes.JsonObject container) => Hosted.StartsProcesses(container);
}
