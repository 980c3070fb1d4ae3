using System.Text.Json.Nodes;
using Hikigane.Resources.Pipelines;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>The feature flags as <c>status.provenance.featureFlags</c> shows them: upstream's struct without its zero values.</summary>
public static class FeatureFlagsStatus
{
    private static readonly (string Flag, string Field, bool ByDefault)[] Switches =
    [
        ("disable-creds-init", "disableCredsInit", false),
        ("running-in-environment-with-injected-sidecars", "runningInEnvWithInjectedSidecars", true),
        ("require-git-ssh-secret-known-hosts", "requireGitSSHSecretKnownHosts", false),
        ("send-cloudevents-for-runs", "sendCloudEventsForRuns", true),
        ("await-sidecar-readiness", "awaitSidecarReadiness", true),
        ("keep-pod-on-cancel", "enableKeepPodOnCancel", false),
        ("enable-provenance-in-status", "enableProvenanceInStatus", true),
        ("set-security-context", "setSecurityContext", false),
        ("set-security-context-read-only-root-filesystem", "setSecurityContextReadOnlyRootFilesystem", false),
        ("enable-cel-in-whenexpression", "enableCELInWhenExpression", false),
        ("enable-param-enum", "enableParamEnum", false),
        ("enable-artifacts", "enableArtifacts", false),
        ("enable-concise-resolver-syntax", "enableConciseResolverSyntax", false),
        ("enable-kubernetes-sidecar", "enableKubernetesSidecar", false),
        ("enable-wait-exponential-backoff", "enableWaitExponentialBackoff", false),
    ];

    private static readonly (string Flag, string Field, string ByDefault)[] Texts =
    [
        ("enable-api-fields", "enableAPIFields", "beta"),
        ("coschedule", "coschedule", "workspaces"),
        ("enforce-nonfalsifiability", "enforceNonfalsifiability", "none"),
        ("results-from", "resultExtractionMethod", "termination-message"),
        ("trusted-resources-verification-no-match-policy", "verificationNoMatchPolicy", "ignore"),
        ("disable-inline-spec", "disableInlineSpec", ""),
    ];

    public static JsonObject Of(PipelinesConfig config)
    {
        var shown = new JsonObject();
        foreach (var (flag, field, byDefault) in Switches.Where(one => config.IsOn(one.Flag, one.ByDefault)))
        {
            shown[field] = true;
        }

        foreach (var (flag, field, byDefault) in Texts)
        {
            if (config.Flags.GetValueOrDefault(flag, byDefault) is { Length: > 0 } text)
            {
                shown[field] = text;
            }
        }

        shown["maxResultSize"] = int.TryParse(config.Flags.GetValueOrDefault("max-result-size"), out var size) ? size : 4096;
        return shown;
    }
}
