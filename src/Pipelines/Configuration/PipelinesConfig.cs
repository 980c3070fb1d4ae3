using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Configuration;

/// <summary>
/// The ConfigMaps <c>feature-flags</c> and <c>config-defaults</c> as a reconciler reads them. As tektoncd/pipeline pkg/apis/config.
/// </summary>
public sealed record PipelinesConfig
{
    /// <summary>Everything as shipped.</summary>
    public static readonly PipelinesConfig Default = new();

    /// <summary>Data of <c>feature-flags</c>; keys that are absent have their shipped value.</summary>
    public IReadOnlyDictionary<string, string> FeatureFlags { get; init; } = new Dictionary<string, string>();

    /// <summary>Data of <c>config-defaults</c>; keys that are absent have their shipped value.</summary>
    public IReadOnlyDictionary<string, string> Defaults { get; init; } = new Dictionary<string, string>();

    /// <summary>Values of <c>config-defaults</c> that are YAML, read at the door: key → value.</summary>
    public IReadOnlyDictionary<string, JsonNode> Documents { get; init; } = new Dictionary<string, JsonNode>();

    public string ApiFields => Flag("enable-api-fields", "beta");

    public bool IsAlpha => ApiFields == "alpha";

    public string Coschedule => Flag("coschedule", "workspaces");

    public bool DisableCredsInit => IsOn("disable-creds-init");

    public bool AwaitSidecarReadiness => IsOn("await-sidecar-readiness", true);

    public bool InjectedSidecars => IsOn("running-in-environment-with-injected-sidecars", true);

    public bool RequireKnownHosts => IsOn("require-git-ssh-secret-known-hosts");

    public bool ProvenanceInStatus => IsOn("enable-provenance-in-status", true);

    public bool ResultsFromSidecarLogs => Flag("results-from", "termination-message") == "sidecar-logs";

    public int MaxResultSize => int.TryParse(Flag("max-result-size", ""), out var size) ? size : 4096;

    public bool SetSecurityContext => IsOn("set-security-context");

    public bool ReadOnlyRootFilesystem => IsOn("set-security-context-read-only-root-filesystem");

    public bool KeepPodOnCancel => IsOn("keep-pod-on-cancel");

    public bool ParamEnum => IsOn("enable-param-enum");

    public bool Artifacts => IsOn("enable-artifacts");

    public bool CompressTerminationMessage => IsOn("enable-termination-message-compression");

    public bool KubernetesSidecar => IsOn("enable-kubernetes-sidecar");

    /// <summary>Zero means none.</summary>
    public TimeSpan Timeout => TimeSpan.FromMinutes(int.TryParse(Value("default-timeout-minutes", "60"), out var minutes) ? minutes : 60);

    public string ServiceAccount => Value("default-service-account", "default");

    public string ManagedBy => Value("default-managed-by-label-value", "tekton-pipelines");

    public JsonObject? PodTemplate => Documents.GetValueOrDefault("default-pod-template") as JsonObject;

    public JsonObject? WorkspaceBinding => Documents.GetValueOrDefault("default-task-run-workspace-binding") as JsonObject;

    public JsonObject? ContainerResources => Documents.GetValueOrDefault("default-container-resource-requirements") as JsonObject;

    public IReadOnlyList<string> ForbiddenEnv =>
        Value("default-forbidden-env", "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public string ResolverType => Value("default-resolver-type", "");

    public TimeSpan ImagePullBackOffTimeout => GoDuration.Parse(Value("default-imagepullbackoff-timeout", "0")) ?? TimeSpan.Zero;

    public TimeSpan CreateContainerErrorTimeout => GoDuration.Parse(Value("default-create-container-error-timeout", "0")) ?? TimeSpan.Zero;

    public TimeSpan SidecarLogPollingInterval => GoDuration.Parse(Value("default-sidecar-log-polling-interval", "100ms")) ?? TimeSpan.FromMilliseconds(100);

    /// <summary>Keys of <c>config-defaults</c> whose value is YAML.</summary>
    public static readonly IReadOnlyList<string> DocumentKeys =
        ["default-pod-template", "default-affinity-assistant-pod-template", "default-task-run-workspace-binding", "default-container-resource-requirements"];

    /// <summary>Reads the data of both ConfigMaps; <paramref name="parse"/> turns YAML into JSON and gives null for what it cannot read.</summary>
    public static PipelinesConfig Read(JsonObject? featureFlags, JsonObject? defaults, Func<string, JsonNode?> parse)
    {
        var values = Texts(defaults);
        var documents = DocumentKeys.Where(values.ContainsKey)
            .Select(key => (Key: key, Document: parse(values[key])))
            .Where(one => one.Document is not null)
            .ToDictionary(one => one.Key, one => one.Document!);
        return new PipelinesConfig { FeatureFlags = Texts(featureFlags), Defaults = values, Documents = documents };
    }

    /// <summary>The flags as <c>status.provenance.featureFlags</c> shows them: what is off or empty is left out.</summary>
    public JsonObject FeatureFlagsInStatus()
    {
        var shown = new JsonObject
        {
            ["awaitSidecarReadiness"] = AwaitSidecarReadiness,
            ["coschedule"] = Coschedule,
            ["disableCredsInit"] = DisableCredsInit,
            ["disableInlineSpec"] = Flag("disable-inline-spec", ""),
            ["enableAPIFields"] = ApiFields,
            ["enableArtifacts"] = Artifacts,
            ["enableCELInWhenExpression"] = IsOn("enable-cel-in-whenexpression"),
            ["enableConciseResolverSyntax"] = IsOn("enable-concise-resolver-syntax"),
            ["enableKeepPodOnCancel"] = KeepPodOnCancel,
            ["enableKubernetesSidecar"] = KubernetesSidecar,
            ["enableParamEnum"] = ParamEnum,
            ["enableProvenanceInStatus"] = ProvenanceInStatus,
            ["enableTerminationMessageCompression"] = CompressTerminationMessage,
            ["enableWaitExponentialBackoff"] = IsOn("enable-wait-exponential-backoff"),
            ["enforceNonfalsifiability"] = Flag("enforce-nonfalsifiability", "none"),
            ["maxResultSize"] = MaxResultSize,
            ["requireGitSSHSecretKnownHosts"] = RequireKnownHosts,
            ["resultExtractionMethod"] = Flag("results-from", "termination-message"),
            ["runningInEnvWithInjectedSidecars"] = InjectedSidecars,
            ["sendCloudEventsForRuns"] = IsOn("send-cloudevents-for-runs", true),
            ["setSecurityContext"] = SetSecurityContext,
            ["setSecurityContextReadOnlyRootFilesystem"] = ReadOnlyRootFilesystem,
            ["verificationNoMatchPolicy"] = Flag("trusted-resources-verification-no-match-policy", "ignore"),
        };
        foreach (var key in shown.Where(pair => pair.Value!.ToJsonString() is "false" or "\"\"").Select(pair => pair.Key).ToList())
        {
            shown.Remove(key);
        }

        return shown;
    }

    public string Flag(string key, string otherwise) => FeatureFlags.GetValueOrDefault(key) is { Length: > 0 } value ? value : otherwise;

    /// <summary>A boolean flag in Go's spellings.</summary>
    public bool IsOn(string key, bool otherwise = false) => FeatureFlags.GetValueOrDefault(key) switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => otherwise,
    };

    private string Value(string key, string otherwise) => Defaults.GetValueOrDefault(key) is { Length: > 0 } value ? value : otherwise;

    private static Dictionary<string, string> Texts(JsonObject? configMap) =>
        (configMap.Object("data") ?? []).Where(pair => pair.Key != "_example" && pair.Value is JsonValue)
        .ToDictionary(pair => pair.Key, pair => pair.Value!.ToString());
}
