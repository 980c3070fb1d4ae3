using System.Text.Json.Nodes;
using Hikigane.Pipelines.Configuration;
using Hikigane.Pipelines.Pods;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>Everything that the decision about a TaskRun may depend on, read once. All objects belong to the reader.</summary>
public sealed record TaskRunWorld
{
    public required JsonObject Run { get; init; }

    /// <summary>Pods of the run: those with its label and its UID as owner, and the one that its status names.</summary>
    public IReadOnlyList<JsonObject> Pods { get; init; } = [];

    /// <summary>The Task that <c>taskRef</c> names; null when it does not exist or is remote.</summary>
    public JsonObject? Task { get; init; }

    /// <summary>StepActions of the namespace by name.</summary>
    public IReadOnlyDictionary<string, JsonObject> StepActions { get; init; } = new Dictionary<string, JsonObject>();

    /// <summary>ResolutionRequests of the namespace by name.</summary>
    public IReadOnlyDictionary<string, JsonObject> ResolutionRequests { get; init; } = new Dictionary<string, JsonObject>();

    public JsonObject? ServiceAccount { get; init; }

    public IReadOnlyDictionary<string, JsonObject> Secrets { get; init; } = new Dictionary<string, JsonObject>();

    public IReadOnlyList<JsonObject> LimitRanges { get; init; } = [];

    /// <summary>Names of the claims that exist.</summary>
    public IReadOnlySet<string> Claims { get; init; } = new HashSet<string>();

    public PipelinesConfig Config { get; init; } = PipelinesConfig.Default;

    public PodImages Images { get; init; } = PodImages.Default;

    public IReadOnlyDictionary<string, ImageCommands> ImageCommands { get; init; } = new Dictionary<string, ImageCommands>();

    /// <summary>Log of the results sidecar, where results are read from it.</summary>
    public string? SidecarLog { get; init; }

    /// <summary>The API's answer to the attempt to create the pod that was planned a moment ago; null when there was none.</summary>
    public PodRefusal? PodRefusal { get; init; }
}

/// <summary>Why the API did not create a pod.</summary>
public sealed record PodRefusal(int Code, string Reason, string Message);
