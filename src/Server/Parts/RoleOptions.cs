using Hikigane.Server.Https;
using Hikigane.Triggers.EventListeners;

namespace Hikigane.Server.Parts;

/// <summary>How a role runs that is a process of its own: which API it works for, and where it is looked after.</summary>
public sealed record RoleOptions
{
    /// <summary>The kubeconfig; null: the service account of the pod, else the files that kubectl would read.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>The context of the kubeconfig; null: its current one.</summary>
    public string? Context { get; init; }

    /// <summary>Where Tekton is installed.</summary>
    public string Namespace { get; init; } = "tekton-pipelines";

    /// <summary>Where a role that serves listens.</summary>
    public required ListenAddress Listen { get; init; }

    /// <summary>Where <c>/health</c> and <c>/readiness</c> are answered; null: nowhere.</summary>
    public ListenAddress? Health { get; init; }

    /// <summary>Where <c>/metrics</c> are answered; null: beside <c>/health</c> only.</summary>
    public ListenAddress? Metrics { get; init; }

    /// <summary>Where the API reaches a webhook that is no Service of the cluster.</summary>
    public Uri? Url { get; init; }

    /// <summary>Whether replicas agree on one that leads.</summary>
    public bool ElectsLeader { get; init; } = true;

    /// <summary>How long a leader that has fallen silent keeps its place.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How the controller makes the Deployments of listeners.</summary>
    public ListenerOptions Listeners { get; init; } = new();

    /// <summary>Who this replica is among the others.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}_{Guid.NewGuid():n}";
}
