using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>What is wrong with a Task's spec. As tektoncd/pipeline pkg/apis/pipeline/v1/task_validation.go and container_validation.go.</summary>
/// <param name="config">Feature gates.</param>
/// <param name="errors">Where it is reported.</param>
internal sealed partial class TaskValidation(PipelinesConfig config, FieldErrors errors)
{
    private const string ResultRule =
        "Name must consist of alphanumeric characters, '-', '_', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my-name',  or 'my_name', regex used for validation is '^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$')";

    private static readonly (string Field, string Word)[] NotWithRef =
    [
        ("image", "image"), ("command", "command"), ("args", "args"), ("script", "script"), ("workingDir", "working dir"),
        ("env", "env"), ("volumeMounts", "volumeMounts"), ("results", "results"),
    ];

    private static readonly string[] StreamNames = ["stdout", "stderr"];

    /// <summary>A whole spec. <paramref name="outer"/> is where upstream reports variables and object params: for an inline spec, its holder.</summary>
    public void Validate(JsonObject spec, string path, string outer, VariableRules rules)
    {
        if (spec["resources"] is not null)
        {
            errors.Disallowed($"{path}.resources");
        }

        var steps = spec.Objects("steps").ToList();
        if (steps.Count == 0)
        {
            errors.Missing($"{path}.steps");
            return;
        }

        Volumes(spec, path);
        Workspaces(spec, path);
        Results(spec, path);
        ParamChecks.Declared(spec, [path], config, errors);
        ParamChecks.Properties(spec, outer, errors);
        var names = new HashSet<string>();
        foreach (var (index, step) in steps.Index())
        {
            Step(step, spec, $"{path}.steps[{index}]", index, path);
            if (step.Text("name") is { Length: > 0 } name && !names.Add(name))
            {
                errors.Both($"{path}.steps[{index}].name");
            }
        }

        Sidecars(spec, path);
        TaskVariableChecks.Check(spec, outer, rules, errors);
        Artifacts(spec, path);
    }

    private void Step(JsonObject step, JsonObject spec, string path, int index, string root)
    {
        var name = step.Text("name") ?? "";
        if (name.Length > 0 && !Checks.IsLabel(name))
        {
            errors.Add(
                $"invalid value \"{name}\"",
                "Task step name must be a valid DNS Label, For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names",
                $"{path}.name");
        }

        if (step.Object("ref") is { } reference)
        {
            Checks.Reference(reference, path, config, errors);
            foreach (var (field, word) in NotWithRef.Where(rule => step[rule.Field] is not null))
            {
                errors.Add($"{word} cannot be used with Ref", "", $"{path}.{field}");
            }
        }
        else
        {
            Own(step, spec, path, index, root);
        }

        if (step.Text("timeout") is { } timeout && timeout.StartsWith('-'))
        {
            // Upstream looks no further.
            errors.Invalid(timeout, $"{path}.negative timeout");
            return;
        }

        if (step.Text("onError") is { Length: > 0 } onError and not ("continue" or "stopAndFail") && !onError.StartsWith("$(params.", StringComparison.Ordinal))
        {
            errors.Invalid(onError, $"{path}.onError", "Task step onError must be either \"continue\" or \"stopAndFail\"");
        }

        Mounts(step, spec, path);
        Streams(step);
        Checks.Whens(step, path, config, errors);
    }

    private void Own(JsonObject step, JsonObject spec, string path, int index, string root)
    {
        if (step.Text("image") is null or "" && spec.Text("stepTemplate", "image") is null or "")
        {
            errors.Missing($"{path}.Image");
        }

        if (step["params"] is not null)
        {
            errors.Add("params cannot be used without Ref", "", $"{path}.params");
        }

        if (step.Text("script") is { Length: > 0 } && (step.Items("command").Any() || spec.Items("stepTemplate", "command").Any()))
        {
            errors.Add("script cannot be used with command", "", $"{path}.script");
        }

        foreach (var (at, result) in step.Objects("results").Index())
        {
            // Upstream joins the two indices the wrong way round; users see it.
            var shown = $"{root}.steps.results[{at}][{index}]";
            ResultName(result, $"{shown}.name");
            if (result.Text("type") is { } type and not ("string" or "array" or "object"))
            {
                errors.Invalid(type, $"{shown}.type", $"invalid type {type}");
            }
        }
    }

    private void Mounts(JsonObject step, JsonObject spec, string path)
    {
        foreach (var (index, mount) in step.Objects("volumeMounts").Index())
        {
            var (name, at) = (mount.Text("name") ?? "", mount.Text("mountPath") ?? "");
            if (at.StartsWith("/tekton/", StringComparison.Ordinal) && !at.StartsWith("/tekton/home", StringComparison.Ordinal))
            {
                errors.Add($"volumeMount cannot be mounted under /tekton/ (volumeMount \"{name}\" mounted at \"{at}\")", "", $"{path}.volumeMounts[{index}].mountPath");
            }

            if (name.StartsWith("tekton-internal-", StringComparison.Ordinal))
            {
                errors.Add($"volumeMount name \"{name}\" cannot start with \"tekton-internal-\"", "", $"{path}.volumeMounts[{index}].name");
            }
        }

        var declared = spec.Objects("workspaces").Select(workspace => workspace.Text("name")).ToHashSet();
        foreach (var (index, usage) in step.Objects("workspaces").Index())
        {
            Checks.Gate("step workspaces", "beta", config, errors);
            if (!declared.Contains(usage.Text("name")))
            {
                errors.Add($"undefined workspace \"{usage.Text("name")}\"", "", $"{path}.workspaces[{index}].name");
            }
        }
    }

    private void Streams(JsonObject step)
    {
        foreach (var stream in StreamNames.Where(stream => step[$"{stream}Config"] is not null))
        {
            Checks.Gate($"step {stream} stream support", "alpha", config, errors);
        }
    }

    private void Sidecars(JsonObject spec, string path)
    {
        foreach (var sidecar in spec.Objects("sidecars"))
        {
            if (sidecar.Text("name") == "tekton-log-results")
            {
                errors.Add("Invalid: cannot use reserved sidecar name tekton-log-results ", "", $"{path}.sidecars.name");
            }

            if (sidecar.Text("image") is null or "")
            {
                errors.Missing($"{path}.sidecars.image");
            }

            if (sidecar.Text("script") is { Length: > 0 } && sidecar.Items("command").Any())
            {
                errors.Add("script cannot be used with command", "", $"{path}.sidecars.script");
            }
        }
    }

    private void Volumes(JsonObject spec, string path)
    {
        var seen = new HashSet<string>();
        foreach (var (index, volume) in spec.Objects("volumes").Index())
        {
            var name = volume.Text("name") ?? "";
            if (!seen.Add(name))
            {
                errors.Add($"multiple volumes with same name \"{name}\"", "", $"{path}.volumes[{index}].name");
            }
        }
    }

    private void Workspaces(JsonObject spec, string path)
    {
        var names = new HashSet<string>();
        var mounts = spec.Objects("stepTemplate", "volumeMounts").Concat(spec.Objects("steps").SelectMany(step => step.Objects("volumeMounts")))
            .Select(mount => mount.Text("mountPath") ?? "").ToHashSet();
        foreach (var (index, workspace) in spec.Objects("workspaces").Index())
        {
            var name = workspace.Text("name") ?? "";
            var mount = workspace.Text("mountPath") is { Length: > 0 } given ? given : $"/workspace/{name}";
            if (!names.Add(name))
            {
                errors.Add($"workspace name \"{name}\" must be unique", "", $"{path}.workspaces[{index}].name");
            }

            if (!mounts.Add(mount))
            {
                errors.Add($"workspace mount path \"{mount}\" must be unique", "", $"{path}.workspaces[{index}].mountpath");
            }
        }
    }

    private void Results(JsonObject spec, string path)
    {
        foreach (var (index, result) in spec.Objects("results").Index())
        {
            var name = result.Text("name") ?? "";
            ResultName(result, $"{path}.results[{index}].name");
            ResultValue(result, name, $"{path}.results[{index}]");
            switch (result.Text("type"))
            {
                case "object" when result["properties"] is null:
                    errors.Missing($"{path}.results[{index}].{name}.properties");
                    break;
                case null or "" or "string" or "array" or "object":
                    break;
                case var type:
                    errors.Invalid(type, $"{path}.results[{index}].type", "type must be string");
                    break;
            }
        }
    }

    /// <summary>A result's value names the result of a step.</summary>
    private void ResultValue(JsonObject result, string name, string path)
    {
        if (result["value"] is null)
        {
            return;
        }

        var text = result.Text("value") ?? "";
        var parts = StepResultReference().Match(text);
        if (!parts.Success)
        {
            errors.Add(
                $"Could not extract step name and result name. Expected value to look like $(steps.<stepName>.results.<resultName>) but got \"{text}\"",
                "", $"{path}.{name}.value");
        }
        else if (!Checks.IsLabel(parts.Groups[1].Value))
        {
            errors.Add(
                $"invalid extracted step name \"{parts.Groups[1].Value}\"",
                "stepName in $(steps.<stepName>.results.<resultName>) must be a valid DNS Label, For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names",
                $"{path}.{name}.value");
        }
    }

    private void Artifacts(JsonObject spec, string path)
    {
        if (config.IsOn("enable-artifacts"))
        {
            return;
        }

        foreach (var (index, step) in spec.Objects("steps").Index())
        {
            var texts = step.Items("command").Concat(step.Items("args")).Select(item => item?.ToString())
                .Concat(step.Objects("env").Select(one => one.Text("value"))).Append(step.Text("script"));
            if (texts.Any(text => text is not null && ArtifactReference().IsMatch(text)))
            {
                errors.Add("feature flag enable-artifacts should be set to true to use artifacts feature.", "", $"{path}.steps[{index}]");
            }
        }
    }

    [GeneratedRegex(@"^\$\(steps\.([^.]+)\.results\.([^.)]+)\)$")]
    private static partial Regex StepResultReference();

    [GeneratedRegex(@"\$\(steps\.[^.)]+\.(?:inputs|outputs)(?:\.[^)]+)?\)|\$\((?:step\.)?artifacts\.path\)")]
    private static partial Regex ArtifactReference();

    private void ResultName(JsonObject result, string path)
    {
        var name = result.Text("name") ?? "";
        if (!Checks.IsResultName(name))
        {
            errors.Add($"invalid key name \"{name}\"", ResultRule, path);
        }
    }
}
