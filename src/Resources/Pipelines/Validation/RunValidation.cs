using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>What is wrong with a TaskRun or a PipelineRun. As tektoncd/pipeline pkg/apis/pipeline/v1/{taskrun,pipelinerun}_validation.go.</summary>
/// <param name="config">Feature gates and defaults.</param>
/// <param name="errors">Where it is reported.</param>
internal sealed class RunValidation(PipelinesConfig config, FieldErrors errors)
{
    private static readonly string[] PipelineRunStates = ["Cancelled", "CancelledRunFinally", "StoppedRunFinally", "PipelineRunPending"];

    public void TaskRun(JsonObject spec, bool isBeta)
    {
        One(spec, "taskRef", "taskSpec", "taskrun");
        ParamChecks.Given(spec, "spec.params", errors);
        Checks.Bindings(spec, "spec", errors);
        if (spec.Object("taskRef") is { } reference && spec["taskSpec"] is null)
        {
            Checks.Reference(reference, "spec.taskRef", config, errors);
        }
        else if (spec.Object("taskSpec") is { } inline && spec["taskRef"] is null)
        {
            new TaskValidation(config, errors).Validate(inline, "spec.taskSpec", "spec", new VariableRules(true, isBeta) { Propagated = [.. Typed(spec)] });
        }

        if (spec.Text("status") is { Length: > 0 } status and not ("TaskRunCancelled" or "TaskRunPending"))
        {
            errors.Invalid($"{status} should be TaskRunCancelled or TaskRunPending", "spec.status");
        }

        if (spec.Text("statusMessage") is { Length: > 0 } message && spec.Text("status") is null or "")
        {
            errors.Invalid($"statusMessage should not be set if status is not set, but it is currently set to {spec.Text("statusMessage")}", "spec.statusMessage");
        }

        NotNegative(spec, "timeout", "spec.timeout");
        if (spec.Integer("retries") is < 0 and var retries)
        {
            errors.Invalid($"{retries} should be >= 0", "spec.retries");
        }

        ForbiddenEnv(spec.Object("podTemplate"), "spec.PodTemplate.Env");
        Debug(spec.Object("debug"));
        Overrides(spec, isBeta ? "stepOverrides" : "stepSpecs", "spec");
        Overrides(spec, isBeta ? "sidecarOverrides" : "sidecarSpecs", "spec");
        if (spec["computeResources"] is not null)
        {
            Checks.Gate("computeResources", "beta", config, errors);
        }
    }

    public void PipelineRun(JsonObject spec, bool isBeta)
    {
        One(spec, "pipelineRef", "pipelineSpec", "pipelinerun");
        ParamChecks.Given(spec, "spec.params", errors);
        if (spec.Object("pipelineRef") is { } reference && spec["pipelineSpec"] is null)
        {
            Checks.Reference(reference, "spec.pipelineRef", config, errors);
        }
        else if (spec.Object("pipelineSpec") is { } inline && spec["pipelineRef"] is null)
        {
            new PipelineValidation(config, errors).Validate(inline, "spec.pipelineSpec", isInline: true, isBeta);
            if (inline.Objects("tasks").Any(task => task.Items("taskSpec", "steps").Any()))
            {
                ParamChecks.Enums(inline, "spec", config, errors);
            }
        }

        if (spec.Text("status") is { Length: > 0 } status && !PipelineRunStates.Contains(status))
        {
            errors.Invalid($"{status} should be Cancelled, CancelledRunFinally, StoppedRunFinally or PipelineRunPending", "spec.status");
        }

        foreach (var param in spec.Objects("params"))
        {
            var found = PipelineReferences.Results(param.Text("value") ?? "").Select(result => $"tasks.{result.Task}.results.{result.Result}").ToList();
            if (found.Count > 0)
            {
                errors.Invalid($"cannot use result expressions in [{string.Join(' ', found)}] as PipelineRun parameter values", $"spec.params[{param.Text("name")}].value");
            }
        }

        Workspaces(spec);
        Timeouts(spec.Object("timeouts"));
        ForbiddenEnv(spec.Object("taskRunTemplate", "podTemplate"), "spec.taskRunTemplate.PodTemplate.Env");
        foreach (var (index, one) in spec.Objects("taskRunSpecs").Index())
        {
            Overrides(one, isBeta ? "stepOverrides" : "stepSpecs", $"spec.taskRunSpecs[{index}]");
            Overrides(one, isBeta ? "sidecarOverrides" : "sidecarSpecs", $"spec.taskRunSpecs[{index}]");
            OwnTimeout(one, spec.Object("timeouts"), $"spec.taskRunSpecs[{index}].timeout");
        }
    }

    private void One(JsonObject spec, string reference, string inline, string inlineWord)
    {
        if (spec["resources"] is not null)
        {
            errors.Disallowed("spec.resources");
        }

        var (hasReference, hasInline) = (spec[reference] is not null, spec[inline] is not null);
        if (hasReference && hasInline)
        {
            errors.Both($"spec.{reference}", $"spec.{inline}");
        }
        else if (!hasReference && !hasInline)
        {
            errors.Neither($"spec.{reference}", $"spec.{inline}");
        }

        if (hasInline && config.Flags.GetValueOrDefault("disable-inline-spec", "").Split(',', StringSplitOptions.TrimEntries).Contains(inlineWord))
        {
            errors.Disallowed($"spec.{inline}");
        }
    }

    /// <summary>Given params as declarations of their types.</summary>
    private static IEnumerable<JsonObject> Typed(JsonObject spec) => spec.Objects("params").Select(param => new JsonObject
    {
        ["name"] = param.Text("name"),
        ["type"] = param["value"] switch { JsonArray => "array", JsonObject => "object", _ => "string" },
    });

    private void Workspaces(JsonObject spec)
    {
        var seen = new Dictionary<string, int>();
        foreach (var (index, binding) in spec.Objects("workspaces").Index())
        {
            var name = binding.Text("name") ?? "";
            if (!seen.TryAdd(name, index))
            {
                errors.Add($"workspace \"{name}\" provided by pipelinerun more than once, at index {seen[name]} and {index}", "", $"spec.workspaces[{index}].name");
            }

            Checks.Binding(binding, $"spec.workspaces[{index}]", errors);
        }
    }

    private void Timeouts(JsonObject? timeouts)
    {
        NotNegative(timeouts, "pipeline", "spec.timeouts.pipeline");
        NotNegative(timeouts, "tasks", "spec.timeouts.tasks");
        NotNegative(timeouts, "finally", "spec.timeouts.finally");
        var pipeline = Nanoseconds(timeouts, "pipeline") ?? (long)config.DefaultTimeout.TotalSeconds * 1_000_000_000;
        if (pipeline == 0)
        {
            return;
        }

        var isOver = false;
        foreach (var part in new[] { "tasks", "finally" })
        {
            if (Nanoseconds(timeouts, part) is { } given && (given > pipeline || given == 0))
            {
                isOver = true;
                errors.Invalid($"{GoDuration.Format(given)}{(given == 0 ? " (no timeout)" : "")} should be <= pipeline duration", $"spec.timeouts.{part}");
            }
        }

        if (!isOver && Nanoseconds(timeouts, "tasks") is { } tasks && Nanoseconds(timeouts, "finally") is { } last && tasks + last > pipeline)
        {
            errors.Add($"invalid value: {GoDuration.Format(tasks)} + {GoDuration.Format(last)} should be <= pipeline duration", "", "spec.timeouts.finally", "spec.timeouts.tasks");
        }
    }

    private void OwnTimeout(JsonObject spec, JsonObject? timeouts, string path)
    {
        if (Nanoseconds(spec, "timeout") is not { } given)
        {
            return;
        }

        var (part, word) = Nanoseconds(timeouts, "tasks") is { } ? ("tasks", "pipeline tasks duration") : ("pipeline", "pipeline duration");
        if (Nanoseconds(timeouts, part) is { } limit and > 0 && given > limit)
        {
            errors.Invalid($"{GoDuration.Format(given)} should be <= {word} {GoDuration.Format(limit)}", path);
        }
    }

    private void NotNegative(JsonObject? holder, string field, string path)
    {
        if (Nanoseconds(holder, field) is < 0 and var given)
        {
            errors.Invalid($"{GoDuration.Format(given)} should be >= 0", path);
        }
    }

    private static long? Nanoseconds(JsonObject? holder, string field) => holder.Text(field) is { } text ? GoDuration.Nanoseconds(text) : null;

    private void ForbiddenEnv(JsonObject? template, string path)
    {
        var forbidden = config.Defaults.GetValueOrDefault("default-forbidden-env", "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var name in template.Objects("env").Select(one => one.Text("name") ?? "").Where(forbidden.Contains))
        {
            errors.Invalid($"PodTemplate cannot update a forbidden env: {name}", path);
        }
    }

    private void Debug(JsonObject? debug)
    {
        if (debug is null)
        {
            return;
        }

        Checks.Gate("debug", "alpha", config, errors);
        if (debug.Object("breakpoints") is { } breakpoints && breakpoints.Text("onFailure") is var onFailure and not "enabled")
        {
            errors.Invalid(
                string.IsNullOrEmpty(onFailure) ? "onFailure breakpoint is empty, it is only allowed to be set as enabled"
                    : $"{onFailure} is not a valid onFailure breakpoint value, onFailure breakpoint is only allowed to be set as enabled",
                "spec.debug.breakpoints.onFailure");
        }

        var seen = new HashSet<string>();
        foreach (var (index, step) in debug.Items("breakpoints", "beforeSteps").Index())
        {
            if (!seen.Add(step?.ToString() ?? ""))
            {
                errors.Add($"before step must be unique, the same step: {step} is defined multiple times at", "", $"spec.debug.breakpoints.beforeSteps[{index}]");
            }
        }
    }

    private void Overrides(JsonObject spec, string field, string path)
    {
        if (spec.Objects(field).Any())
        {
            Checks.Gate(field, "beta", config, errors);
        }

        var seen = new HashSet<string>();
        foreach (var (index, one) in spec.Objects(field).Index())
        {
            var name = one.Text("name") ?? "";
            if (name.Length == 0)
            {
                errors.Missing($"{path}.{field}[{index}].name");
            }
            else if (!seen.Add(name))
            {
                errors.Both($"{path}.{field}[{index}].name");
            }
        }
    }
}
