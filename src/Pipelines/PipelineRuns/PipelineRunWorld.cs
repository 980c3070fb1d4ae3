using System.Text.Json.Nodes;
using Hikigane.Resources.Pipelines;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Everything the decision about a PipelineRun may depend on, read once by the shell.</summary>
public sealed record PipelineRunWorld
{
    public required JsonObject Run { get; init; }

    public PipelinesConfig Config { get; init; } = PipelinesConfig.Shipped;

    /// <summary>TaskRuns, CustomRuns and PipelineRuns that the run controls.</summary>
    public IReadOnlyList<JsonObject> Children { get; init; } = [];

    /// <summary>ResolutionRequests that the run controls.</summary>
    public IReadOnlyList<JsonObject> Resolutions { get; init; } = [];

    /// <summary>A Pipeline of the run's namespace by name, or null.</summary>
    public Func<string, JsonObject?> FindPipeline { get; init; } = _ => null;

    /// <summary>A Task of the run's namespace by name, or null.</summary>
    public Func<string, JsonObject?> FindTask { get; init; } = _ => null;

    /// <summary>Names of claims and StatefulSets that the run controls: <c>persistentvolumeclaims/n</c>, <c>statefulsets/n</c>.</summary>
    public IReadOnlySet<string> Owned { get; init; } = new HashSet<string>();
}
