using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Verdicts;

/// <summary>
/// Completes a verdict after the listener has created the objects, or has failed to. Each takes the verdict as the flow left it, with
/// the objects that were created before the failure.
/// </summary>
public static class CreateVerdict
{
    public static TriggerVerdict Created(TriggerVerdict verdict, IReadOnlyList<CreatedObject> created) => verdict with
    {
        Created = created,
        Stages = [.. verdict.Stages, new StageVerdict { Kind = "create", Result = StageResult.Pass }],
    };

    /// <summary>With the time that creating took, however it ended.</summary>
    public static TriggerVerdict Timed(TriggerVerdict verdict, DateTimeOffset startedAt, DateTimeOffset endedAt) =>
        VerdictReader.Timed(verdict, "create", Math.Max(0, (endedAt - startedAt).TotalMilliseconds), startedAt);

    /// <summary>403: the account may not create this kind. Shows the Role and RoleBinding to copy.</summary>
    public static TriggerVerdict Forbidden(
        TriggerVerdict verdict, JsonObject manifest, string plural, (string Namespace, string Name) serviceAccount, string message)
    {
        var ns = manifest.Namespace();
        var apiVersion = manifest.Text("apiVersion") ?? "";
        var group = apiVersion.Contains('/', StringComparison.Ordinal) ? apiVersion[..apiVersion.IndexOf('/', StringComparison.Ordinal)] : "";
        var role = $"create-{plural}";
        return Failed(verdict, Causes.CreateForbidden, message,
            $"ServiceAccount `{serviceAccount.Namespace}/{serviceAccount.Name}` may not create {plural} in `{ns}`.",
            $$"""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: {{role}}, namespace: {{ns}}}
            rules:
            - {apiGroups: ["{{group}}"], resources: ["{{plural}}"], verbs: ["create"]}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: {{role}}, namespace: {{ns}}}
            subjects:
            - {kind: ServiceAccount, name: {{serviceAccount.Name}}, namespace: {{serviceAccount.Namespace}}}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{role}}}
            """);
    }

    /// <summary>422, or a kind that the API does not serve: the object is not acceptable as it is.</summary>
    public static TriggerVerdict Invalid(TriggerVerdict verdict, JsonObject manifest, string message) =>
        Failed(verdict, Causes.TemplateInvalid, message, $"Kubernetes refused the {manifest.Text("kind")}: {message}", "Correct the template.");

    public static TriggerVerdict QuotaExceeded(TriggerVerdict verdict, JsonObject manifest, string message) =>
        Failed(verdict, Causes.CreateQuota, message, $"A quota of namespace `{manifest.Namespace()}` is used up.", "Raise the quota, or delete finished runs.");

    public static TriggerVerdict RefusedByWebhook(TriggerVerdict verdict, JsonObject manifest, string message) =>
        Failed(verdict, Causes.CreateWebhook, message, $"An admission webhook refused the {manifest.Text("kind")}: {message}", "Correct what the webhook names.");

    public static TriggerVerdict TimedOut(TriggerVerdict verdict, JsonObject manifest, string message) =>
        Failed(verdict, Causes.CreateTimeout, message, $"The API did not answer in time when the {manifest.Text("kind")} was created.", "Replay the event.");

    /// <summary>Any other failure, with the API's own words.</summary>
    public static TriggerVerdict FailedOtherwise(TriggerVerdict verdict, JsonObject manifest, string message) =>
        Failed(verdict, Causes.CreateFailed, message, $"The {manifest.Text("kind")} could not be created: {message}", "");

    private static TriggerVerdict Failed(TriggerVerdict verdict, string cause, string message, string explain, string fix) => verdict with
    {
        Outcome = TriggerOutcome.Error,
        Cause = cause,
        Message = message,
        Explain = explain,
        Fix = fix,
        Stages = [.. verdict.Stages, new StageVerdict { Kind = "create", Result = StageResult.Error, Message = message }],
    };
}
