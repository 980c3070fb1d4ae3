using Hikigane.Kube;
using Hikigane.Server.Https;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Parts;

/// <summary>What a part of an installation needs, in the process of <c>up</c> and as a role of its own alike.</summary>
public sealed record PartContext
{
    /// <summary>The API, with the rights that the part has.</summary>
    public required IKube Kube { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Logging { get; init; }

    /// <summary>Where Tekton is installed.</summary>
    public string Namespace { get; init; } = "tekton-pipelines";

    /// <summary>Whether the process is this part and no more: then its <c>/metrics</c> show what the process does, too.</summary>
    public bool IsAlone { get; init; }

    /// <summary>Where a part that serves listens.</summary>
    public ListenAddress Listen { get; init; } = ListenAddress.Loopback;

    /// <summary>Where others reach a part that serves, when it is no Service of the cluster: <c>https://127.0.0.1:8443</c>. Null: the Service.</summary>
    public Uri? Url { get; init; }
}

/// <summary>A part that runs; disposing it stops it and finishes what is under way.</summary>
/// <param name="Port">The port that it serves on; 0 when it serves none.</param>
/// <param name="Stop">Stops it.</param>
public sealed record RunningPart(int Port, Func<ValueTask> Stop) : IAsyncDisposable
{
    /// <summary>Whether it does its work: for the readiness of its pod.</summary>
    public Func<bool> IsReady { get; init; } = static () => true;

    /// <summary>Answers <c>/metrics</c>; null where there are none.</summary>
    public RequestDelegate? Metrics { get; init; }

    public ValueTask DisposeAsync() => Stop();
}

/// <summary>Starts a part.</summary>
public delegate Task<RunningPart> StartPart(PartContext context, CancellationToken cancellationToken);
