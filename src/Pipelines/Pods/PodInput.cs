using System.Text.Json.Nodes;
using Hikigane.Pipelines.Configuration;

namespace Hikigane.Pipelines.Pods;

/// <summary>Everything that decides a TaskRun's pod.</summary>
public sealed record PodInput
{
    /// <summary>The TaskRun with defaults set and variables of its pod template replaced.</summary>
    public required JsonObject Run { get; init; }

    /// <summary>The Task's specification with variables replaced and workspaces mounted. The builder changes it.</summary>
    public required JsonObject TaskSpec { get; init; }

    public required PipelinesConfig Config { get; init; }

    public PodImages Images { get; init; } = PodImages.Default;

    /// <summary>Null when it does not exist, which is an error unless credentials are switched off.</summary>
    public JsonObject? ServiceAccount { get; init; }

    public IReadOnlyDictionary<string, JsonObject> Secrets { get; init; } = new Dictionary<string, JsonObject>();

    public IReadOnlyList<JsonObject> LimitRanges { get; init; } = [];

    /// <summary>What a step without command and script runs, by image.</summary>
    public IReadOnlyDictionary<string, ImageCommands> ImageCommands { get; init; } = new Dictionary<string, ImageCommands>();

    /// <summary>Commit that the annotation <c>pipeline.tekton.dev/release</c> names.</summary>
    public string Release { get; init; } = "hikigane";
}

/// <summary>ENTRYPOINT and CMD of an image by platform, and the reference with its digest.</summary>
public sealed record ImageCommands(string Reference, IReadOnlyDictionary<string, ImageCommand> Platforms);

/// <summary>ENTRYPOINT and CMD of one platform's image.</summary>
public sealed record ImageCommand(IReadOnlyList<string> Entrypoint, IReadOnlyList<string> Cmd);

/// <summary>The pod, or why there is none.</summary>
/// <param name="MissingSecrets">Secrets that the service account names and that do not exist.</param>
public sealed record PodOutcome(JsonObject? Pod, string? Error, IReadOnlyList<string> MissingSecrets);
