using System.Text.Json.Nodes;
using Hikigane.Expressions.Cel.Functions;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>What is wrong with a StepAction, a CustomRun, a VerificationPolicy or a ResolutionRequest. As their <c>*_validation.go</c> upstream.</summary>
internal static class OtherValidation
{
    private static readonly string[] CustomFields = ["apiVersion", "kind"];

    public static void StepAction(JsonObject spec, PipelinesConfig config, FieldErrors errors)
    {
        if (spec.Text("image") is null or "")
        {
            errors.Missing("spec.Image");
        }

        var script = spec.Text("script") ?? "";
        if (script.Length > 0 && spec.Items("command").Any())
        {
            errors.Add("script cannot be used with command", "", "spec.script");
        }

        if (script.Contains("$(params", StringComparison.Ordinal))
        {
            errors.Add("param substitution in scripts is not allowed.", "", "spec.script");
        }

        if (script.StartsWith("#!win", StringComparison.Ordinal))
        {
            Checks.Gate("windows script support", "alpha", config, errors);
        }

        ParamChecks.Declared(spec, ["spec"], config, errors);
        ParamChecks.Properties(spec, "spec", errors);
        TaskVariableChecks.CheckStepAction(spec, errors);
        foreach (var (index, result) in spec.Objects("results").Index().Where(result => result.Item.Text("type") == "object" && result.Item["properties"] is null))
        {
            errors.Missing($"spec.results[{index}].{result.Text("name")}.properties");
        }

        foreach (var (index, mount) in spec.Objects("volumeMounts").Index())
        {
            var name = mount.Text("name") ?? "";
            if (!name.StartsWith("$(params.", StringComparison.Ordinal) || name.IndexOf(')', StringComparison.Ordinal) != name.Length - 1)
            {
                errors.Invalid(name, $"spec.volumeMounts[{index}].name", "expect the Name to be a single param reference");
            }
        }
    }

    public static void CustomRun(JsonObject spec, FieldErrors errors)
    {
        var (reference, inline) = (spec.Object("customRef"), spec.Object("customSpec"));
        if (reference is null && inline is null)
        {
            errors.Neither("spec.customRef", "spec.customSpec");
        }
        else if (reference is not null && inline is not null)
        {
            errors.Both("spec.customRef", "spec.customSpec");
        }
        else
        {
            var (holder, path) = reference is null ? (inline!, "spec.customSpec") : (reference, "spec.customRef");
            if (CustomFields.FirstOrDefault(field => holder.Text(field) is null or "") is { } missing)
            {
                errors.Missing($"{path}.{missing}");
            }
        }

        if (spec.Text("statusMessage") is { Length: > 0 } message && spec.Text("status") is null or "")
        {
            errors.Invalid($"statusMessage should not be set if status is not set, but it is currently set to {spec.Text("statusMessage")}", "statusMessage");
        }

        ParamChecks.Given(spec, "spec.params", errors);
        Checks.Bindings(spec, "spec", errors);
    }

    public static void ResolutionRequest(JsonObject manifest, FieldErrors errors)
    {
        if (manifest.Label("resolution.tekton.dev/type") is null or "")
        {
            errors.Missing("meta.labels.resolution.tekton.dev/type");
        }
    }

    /// <summary>As pkg/apis/pipeline/v1alpha1/verificationpolicy_validation.go, whose paths leave <c>spec</c> out.</summary>
    public static void VerificationPolicy(JsonObject spec, FieldErrors errors)
    {
        if (!spec.Objects("resources").Any())
        {
            errors.Missing("resources");
        }

        foreach (var pattern in spec.Objects("resources").Select(resource => resource.Text("pattern") ?? ""))
        {
            if (Re2.Compile(pattern).Error is { } error)
            {
                errors.Invalid(pattern, "ResourcePattern", $"resourcePattern cannot be compiled by regex: {error}");
            }
        }

        if (!spec.Objects("authorities").Any())
        {
            errors.Missing("authorities");
        }

        foreach (var (index, authority) in spec.Objects("authorities").Index())
        {
            if (authority.Object("key") is { } key)
            {
                Key(key, $"key[{index}]", errors);
            }
        }

        if (spec.Text("mode") is { Length: > 0 } mode and not ("enforce" or "warn"))
        {
            errors.Invalid($"available values are: enforce, warn, but got: {mode}", "mode");
        }
    }

    private static void Key(JsonObject key, string path, FieldErrors errors)
    {
        var given = (key.Text("data") is { Length: > 0 } ? 1 : 0) + (key.Text("kms") is { Length: > 0 } ? 1 : 0) + (key["secretRef"] is null ? 0 : 1);
        string[] sources = [$"{path}.data", $"{path}.kms", $"{path}.secretref"];
        if (given == 0)
        {
            errors.Neither(sources);
        }
        else if (given > 1)
        {
            errors.Both(sources);
        }

        if (key.Text("hashAlgorithm") is { Length: > 0 } algorithm && algorithm.ToLowerInvariant() is not ("sha224" or "sha256" or "sha384" or "sha512"))
        {
            errors.Invalid(algorithm, $"{path}.HashAlgorithm");
        }
    }
}
