using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Resources.Pipelines;

/// <summary>
/// Admission of the ConfigMaps of an installation: a value that the controllers could not read is refused. Other ConfigMaps pass, as they do
/// upstream. As tektoncd/pipeline pkg/apis/config.
/// </summary>
public static class PipelinesConfigMaps
{
    private const int ResultSizeLimit = 1572864;

    private static readonly string[] Booleans =
    [
        "disable-creds-init", "running-in-environment-with-injected-sidecars", "await-sidecar-readiness", "require-git-ssh-secret-known-hosts",
        "enable-tekton-oci-bundles", "send-cloudevents-for-runs", "enable-provenance-in-status", "set-security-context",
        "set-security-context-read-only-root-filesystem", "keep-pod-on-cancel", "enable-cel-in-whenexpression", "enable-step-actions",
        "enable-param-enum", "enable-artifacts", "enable-concise-resolver-syntax", "enable-kubernetes-sidecar", "enable-wait-exponential-backoff",
        "enable-termination-message-compression",
    ];

    private static readonly (string Key, string[] Values)[] Choices =
    [
        ("enable-api-fields", ["alpha", "beta", "stable"]),
        ("coschedule", ["workspaces", "pipelineruns", "isolate-pipelinerun", "disabled"]),
        ("trusted-resources-verification-no-match-policy", ["ignore", "warn", "fail"]),
        ("results-from", ["termination-message", "sidecar-logs"]),
        ("enforce-nonfalsifiability", ["none", "spire"]),
    ];

    /// <summary>What is wrong with a ConfigMap, in upstream's words; null when nothing is.</summary>
    public static string? Problem(JsonObject configMap)
    {
        var values = (configMap.Object("data") ?? []).Where(pair => pair.Value.Text() is not null).ToDictionary(pair => pair.Key, pair => pair.Value.Text()!);
        var problem = configMap.Name() switch
        {
            "feature-flags" => Flags(values),
            "config-defaults" => Defaults(values),
            _ => null,
        };
        return problem is null ? null : "validation failed: " + problem;
    }

    private static string? Flags(Dictionary<string, string> values)
    {
        foreach (var key in Booleans)
        {
            if (values.TryGetValue(key, out var text)
                && text is not ("1" or "t" or "T" or "TRUE" or "true" or "True" or "0" or "f" or "F" or "FALSE" or "false" or "False"))
            {
                return $"failed parsing feature flags config \"{text}\": strconv.ParseBool: parsing \"{text}\": invalid syntax";
            }
        }

        foreach (var (key, allowed) in Choices)
        {
            if (values.TryGetValue(key, out var text) && !allowed.Contains(text.Trim()))
            {
                return $"invalid value for feature flag \"{key}\": \"{text}\"";
            }
        }

        if (!values.TryGetValue("max-result-size", out var size))
        {
            return null;
        }

        return !IsInteger(size, out var bytes) ? $"strconv.Atoi: parsing \"{size}\": invalid syntax"
            : bytes >= ResultSizeLimit ? $"invalid value for feature flag \"results-from\": \"{size}\". This is exceeding the CRD limit"
            : null;
    }

    private static string? Defaults(Dictionary<string, string> values)
    {
        foreach (var key in (string[])["default-timeout-minutes", "default-max-matrix-combinations-count", "default-step-ref-concurrency-limit"])
        {
            if (values.TryGetValue(key, out var text) && !IsInteger(text, out _))
            {
                return $"failed parsing default config \"{key}\"";
            }
        }

        foreach (var key in (string[])["default-pod-template", "default-affinity-assistant-pod-template"])
        {
            if (values.TryGetValue(key, out var text) && !Reads(text, "PodTemplate"))
            {
                return $"failed to unmarshal {text}";
            }
        }

        foreach (var key in (string[])["default-imagepullbackoff-timeout", "default-create-container-error-timeout"])
        {
            if (values.TryGetValue(key, out var text) && GoDuration.Nanoseconds(text) is null)
            {
                return $"failed parsing default config \"{key}\"";
            }
        }

        foreach (var key in (string[])["default-maximum-resolution-timeout", "default-sidecar-log-polling-interval"])
        {
            if (values.TryGetValue(key, out var text) && GoDuration.Nanoseconds(text) is null)
            {
                return $"failed parsing default config \"{text}\"";
            }
        }

        return values.TryGetValue("default-container-resource-requirements", out var requirements) && !ReadsRequirements(requirements)
            ? $"failed to unmarshal {requirements}" : null;
    }

    private static bool IsInteger(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static bool Reads(string text, string shape)
    {
        var document = YamlReader.ReadObject(text, out var error);
        if (document is null || error is not null)
        {
            return string.IsNullOrWhiteSpace(text);
        }

        var reader = new ShapedJson(Shapes.V1);
        reader.Read(document, shape);
        return reader.Errors.Count == 0;
    }

    private static bool ReadsRequirements(string text)
    {
        var document = YamlReader.ReadObject(text, out var error);
        if (document is null || error is not null)
        {
            return string.IsNullOrWhiteSpace(text);
        }

        var requirements = document.Select(pair => pair.Value).ToList();
        var quantities = requirements.OfType<JsonObject>().SelectMany(one => new[] { one.Object("requests"), one.Object("limits") })
            .SelectMany(map => map ?? []).Select(pair => pair.Value);
        return requirements.TrueForAll(one => one is JsonObject or null) && quantities.All(value => value is JsonValue && Quantity.IsQuantity(value.Text() ?? value.ToJsonString()));
    }
}
