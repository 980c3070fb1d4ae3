using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Resources.Pipelines;

/// <summary>
/// The ConfigMaps <c>feature-flags</c> and <c>config-defaults</c> as admission and the PipelineRun reconciler read them. As tektoncd/pipeline pkg/apis/config.
/// </summary>
/// <param name="Flags">Data of <c>feature-flags</c>; what is missing has its default.</param>
/// <param name="Defaults">Data of <c>config-defaults</c>; values that hold YAML (pod templates) are given as JSON.</param>
public sealed record PipelinesConfig(IReadOnlyDictionary<string, string> Flags, IReadOnlyDictionary<string, string> Defaults)
{
    public static readonly PipelinesConfig Shipped = new(new Dictionary<string, string>(), new Dictionary<string, string>());

    private static readonly string[] Documents = ["default-pod-template", "default-affinity-assistant-pod-template"];

    /// <summary>Reads the <c>data</c> of both ConfigMaps; a value that holds YAML and cannot be read counts as left out.</summary>
    public static PipelinesConfig Read(JsonObject? featureFlags, JsonObject? defaults)
    {
        var values = Texts(defaults);
        foreach (var key in Documents.Where(values.ContainsKey))
        {
            values[key] = YamlReader.ReadObject(values[key], out _)?.ToJsonString() ?? "";
        }

        return new PipelinesConfig(Texts(featureFlags), values);
    }

    public TimeSpan DefaultTimeout => TimeSpan.FromMinutes(long.TryParse(Defaults.GetValueOrDefault("default-timeout-minutes"), out var minutes) ? minutes : 60);

    public string DefaultServiceAccount => Defaults.GetValueOrDefault("default-service-account", "default");

    public string DefaultManagedBy => Defaults.GetValueOrDefault("default-managed-by-label-value", "tekton-pipelines");

    public string? DefaultResolverType => Defaults.GetValueOrDefault("default-resolver-type");

    public int MaxMatrixCombinations => int.TryParse(Defaults.GetValueOrDefault("default-max-matrix-combinations-count"), out var count) ? count : 256;

    public JsonObject? DefaultPodTemplate => Defaults.GetValueOrDefault("default-pod-template") is { } text ? LooseJson.TryParse(text) as JsonObject : null;

    public JsonObject? DefaultAssistantTemplate =>
        Defaults.GetValueOrDefault("default-affinity-assistant-pod-template") is { } text ? LooseJson.TryParse(text) as JsonObject : null;

    /// <summary><c>stable</c>, <c>beta</c> or <c>alpha</c>.</summary>
    public string ApiFields => Flags.GetValueOrDefault("enable-api-fields", "beta");

    public string Coschedule => Flags.GetValueOrDefault("coschedule", "workspaces");

    public bool IsOn(string flag, bool byDefault = false) =>
        Flags.TryGetValue(flag, out var text) ? text is "1" or "t" or "T" or "true" or "TRUE" or "True" : byDefault;

    private static Dictionary<string, string> Texts(JsonObject? content) =>
        (content ?? []).Where(pair => pair.Value.Text() is not null).ToDictionary(pair => pair.Key, pair => pair.Value.Text()!);
}
