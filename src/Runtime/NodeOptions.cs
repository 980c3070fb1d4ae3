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
public sealed record ContainerHost(IPodRuntime Runtime, HostedContainers Hosted);
