using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>What is wrong with a Pipeline's spec. As tektoncd/pipeline pkg/apis/pipeline/v1/pipeline_validation.go.</summary>
/// <param name="config">Feature gates and defaults.</param>
/// <param name="errors">Where it is reported.</param>
internal sealed class PipelineValidation(PipelinesConfig config, FieldErrors errors)
{
    private static readonly string[] Kinds = ["pipelineRef", "pipelineSpec", "taskRef", "taskSpec"];

    private static readonly string[] Lists = ["tasks", "finally"];

    public void Validate(JsonObject spec, string path, bool isInline, bool isBeta)
    {
        if (spec["resources"] is not null)
        {
            errors.Disallowed($"{path}.resources");
        }

        if (!isInline && !spec.Objects("tasks").Any() && !spec.Objects("finally").Any() && !spec.Objects("params").Any() && !spec.Objects("workspaces").Any() && spec.Text("description") is null or "")
        {
            errors.Add("expected at least one, got none", "", $"{path}.description", $"{path}.params", $"{path}.resources", $"{path}.tasks", $"{path}.workspaces");
        }

        var seen = new HashSet<string>();
        foreach (var (list, index, task) in Tasks(spec))
        {
            var at = $"{path}.{list}[{index}]";
            Task(task, at, isBeta);
            if (task.Text("name") is { Length: > 0 } name && !seen.Add(name))
            {
                errors.Both($"{at}.name");
            }

            Workspaces(task, at, spec, isInline);
            if (task["taskSpec"] is not null)
            {
                // An inline task sees the pipeline's params.
                ParamChecks.Properties(spec, at, errors);
            }
        }

        Declared(spec, path);
        PipelineVariableChecks.Check(spec, path, isInline, errors);
        MatrixChecks.Check(spec, path, errors);
        ParamChecks.Declared(spec, [$"{path}.tasks", $"{path}.finally"], config, errors);
        Graph(spec, path);
        Finally(spec, path);
        Results(spec, path);
    }

    private static IEnumerable<(string List, int Index, JsonObject Task)> Tasks(JsonObject spec) =>
        Lists.SelectMany(list => spec.Objects(list).Index().Select(task => (list, task.Index, task.Item)));

    private void Task(JsonObject task, string path, bool isBeta)
    {
        var name = task.Text("name") ?? "";
        if (!Checks.IsLabel(name))
        {
            errors.Add(
                $"invalid value \"{name}\"",
                "Pipeline Task name must be a valid DNS Label.For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names",
                $"{path}.name");
        }

        if (task["resources"] is not null)
        {
            errors.Disallowed($"{path}.resources");
        }

        var given = Kinds.Where(kind => task[kind] is not null).ToArray();
        if (given.Length == 0)
        {
            errors.Neither($"{path}.taskRef", $"{path}.taskSpec");
        }
        else if (given.Length > 1)
        {
            errors.Add("expected exactly one, got multiple", "", [.. given.Select(kind => $"{path}.{kind}")]);
        }

        foreach (var kind in given.Where(kind => kind.StartsWith("pipeline", StringComparison.Ordinal)))
        {
            Checks.Gate(kind, "alpha", config, errors);
        }

        Target(task, path, isBeta);
        Checks.Whens(task, path, config, errors);
        OnError(task, path);
        Matrix(task, path);
    }

    private void Target(JsonObject task, string path, bool isBeta)
    {
        if (task.Object("taskRef") is { } reference)
        {
            Reference(reference, $"{path}.taskRef");
        }

        if (task.Object("taskSpec") is not { } inline)
        {
            return;
        }

        if (config.Flags.GetValueOrDefault("disable-inline-spec", "").Split(',', StringSplitOptions.TrimEntries).Contains("pipeline"))
        {
            errors.Disallowed($"{path}.taskSpec");
        }

        var isCustom = inline.Text("apiVersion") is { Length: > 0 };
        if (isCustom && inline.Objects("steps").Any())
        {
            errors.Add("taskSpec.apiVersion cannot be specified when using taskSpec.steps", "", $"{path}.taskSpec.apiVersion");
            errors.Add("taskSpec.kind cannot be specified when using taskSpec.steps", "", $"{path}.taskSpec.kind");
        }
        else if (!isCustom)
        {
            new TaskValidation(config, errors).Validate(inline, $"{path}.taskSpec", path, new VariableRules(true, isBeta));
        }
    }

    private void Reference(JsonObject reference, string path)
    {
        var (version, kind) = (reference.Text("apiVersion") ?? "", reference.Text("kind") ?? "");
        if (version.Length > 0)
        {
            if (kind.Length == 0)
            {
                errors.Invalid("custom task ref must specify kind", $"{path}.kind");
            }

            return;
        }

        if (kind is not ("" or "Task" or "ClusterTask") && reference.Text("resolver") is null)
        {
            errors.Invalid("custom task ref must specify apiVersion", $"{path}.apiVersion");
            return;
        }

        if (reference.Text("resolver") is { Length: > 0 })
        {
            Checks.Gate("taskref.resolver", "beta", config, errors);
        }

        Checks.Reference(reference, path, config, errors);
    }

    private void OnError(JsonObject task, string path)
    {
        if (task.Text("onError") is not { Length: > 0 } onError)
        {
            return;
        }

        Checks.Gate("OnError", "beta", config, errors);
        if (onError is not ("continue" or "stopAndFail") && !onError.StartsWith("$(params.", StringComparison.Ordinal))
        {
            errors.Invalid(onError, $"{path}.OnError", "PipelineTask OnError must be either \"continue\" or \"stopAndFail\"");
        }
        else if (onError == "continue" && task.Integer("retries") > 0)
        {
            errors.Add("PipelineTask OnError cannot be set to \"continue\" when Retries is greater than 0", "", "");
        }
    }

    private void Matrix(JsonObject task, string path)
    {
        var plain = task.Objects("params").Select(param => param.Text("name") ?? "").ToHashSet();
        var matrix = task.Objects("matrix", "params").Concat(task.Objects("matrix", "include").SelectMany(include => include.Objects("params")));
        foreach (var name in matrix.Select(param => param.Text("name") ?? "").Where(plain.Contains).Distinct(StringComparer.Ordinal))
        {
            errors.Both($"{path}.matrix[{name}]", $"{path}.params[{name}]");
        }
    }

    private void Declared(JsonObject spec, string path)
    {
        var seen = new HashSet<string>();
        foreach (var (index, workspace) in spec.Objects("workspaces").Index())
        {
            var name = workspace.Text("name") ?? "";
            if (name.Length > 0 && !seen.Add(name))
            {
                errors.Invalid($"workspace with name \"{name}\" appears more than once", $"{path}.workspaces[{index}]");
            }
        }

        foreach (var (list, index, task) in Tasks(spec))
        {
            if (!config.IsOn("enable-artifacts") && Texts(task).Any(text => text.Path.StartsWith("params", StringComparison.Ordinal) && Checks.HasTaskArtifact(text.Text)))
            {
                errors.Add("feature flag enable-artifacts should be set to true to use artifacts feature.", "", $"{path}.{list}[{index}].params");
            }

            foreach (var target in Texts(task).SelectMany(text => PipelineReferences.Results(text.Text)).Select(result => result.Task).Distinct())
            {
                if (spec.Objects("tasks").Any(one => one.Text("name") == target && (one["pipelineSpec"] is not null || one["pipelineRef"] is not null)))
                {
                    errors.Invalid(
                        $"result reference to pipelineTask \"{target}\" is not supported: referenced task uses pipelineRef or pipelineSpec and result propagation from child Pipelines is not yet implemented",
                        $"{path}.{list}[{index}]");
                }
            }
        }
    }

    private void Workspaces(JsonObject task, string path, JsonObject spec, bool isInline)
    {
        var declared = spec.Objects("workspaces").Select(workspace => workspace.Text("name")).ToHashSet();
        foreach (var (index, binding) in task.Objects("workspaces").Index())
        {
            var name = binding.Text("workspace") is { Length: > 0 } given ? given : binding.Text("name");
            if (!isInline && !declared.Contains(name))
            {
                errors.Invalid($"pipeline task \"{task.Text("name")}\" expects workspace with name \"{name}\" but none exists in pipeline spec", $"{path}.workspaces[{index}]");
            }
        }
    }

    /// <summary>Every dependency exists, and none leads back.</summary>
    private void Graph(JsonObject spec, string path)
    {
        var parents = spec.Objects("tasks").GroupBy(task => task.Text("name") ?? "").ToDictionary(group => group.Key, group => Parents(group.First()).ToList());
        foreach (var (task, needed) in parents)
        {
            foreach (var missing in needed.Where(one => !parents.ContainsKey(one)))
            {
                errors.Invalid($"couldn't add link between {task} and {missing}: task {task} depends on {missing} but {missing} wasn't present in Pipeline", $"{path}.tasks");
                return;
            }
        }

        var done = new HashSet<string>();
        while (parents.FirstOrDefault(pair => !done.Contains(pair.Key) && pair.Value.TrueForAll(done.Contains)) is { Key: not null } next)
        {
            done.Add(next.Key);
        }

        var rest = parents.Where(pair => !done.Contains(pair.Key)).OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        if (rest.Count > 0)
        {
            var on = string.Join(", ", rest[0].Value.Where(one => !done.Contains(one)).Distinct().Order(StringComparer.Ordinal).Select(one => $"\"{one}\""));
            errors.Invalid($"cycle detected; task \"{rest[0].Key}\" depends on {on}", $"{path}.tasks");
        }
    }

    private static IEnumerable<string> Parents(JsonObject task) =>
        task.Items("runAfter").Select(one => one?.ToString() ?? "")
            .Concat(Texts(task).SelectMany(text => PipelineReferences.Results(text.Text).Select(result => result.Task))).Distinct();

    private static IEnumerable<(string Path, string Text)> Texts(JsonObject task)
    {
        foreach (var param in task.Objects("params").Select(param => (At: $"params[{param.Text("name")}].value", Value: param["value"]))
            .Concat(task.Objects("matrix", "params").Select(param => (At: $"matrix.params[{param.Text("name")}].value", Value: param["value"]))))
        {
            yield return (param.At, param.Value switch
            {
                JsonArray list => string.Join('\n', list.Select(item => item?.ToString())),
                JsonObject map => string.Join('\n', map.Select(pair => pair.Value?.ToString())),
                var value => value?.ToString() ?? "",
            });
        }

        foreach (var (index, when) in task.Objects("when").Index())
        {
            yield return ($"when[{index}]", string.Join('\n', [when.Text("input") ?? "", when.Text("cel") ?? "", .. when.Items("values").Select(item => item?.ToString() ?? "")]));
        }
    }

    private void Finally(JsonObject spec, string path)
    {
        var tasks = spec.Objects("tasks").Select(task => task.Text("name") ?? "").ToHashSet();
        var finals = spec.Objects("finally").Select(task => task.Text("name") ?? "").ToHashSet();
        if (finals.Count > 0 && tasks.Count == 0)
        {
            errors.Invalid($"spec.tasks is empty but spec.finally has {finals.Count} tasks", $"{path}.finally");
        }

        foreach (var (list, index, task) in Tasks(spec))
        {
            var at = $"{path}.{list}[{index}]";
            if (list == "tasks")
            {
                foreach (var (where, _) in Texts(task).Where(text => PipelineReferences.States(text.Text).Any()))
                {
                    errors.Invalid("pipeline tasks can not refer to execution status of any other pipeline task or aggregate status of tasks", $"{at}.{where}");
                }

                continue;
            }

            if (task.Items("runAfter").Any())
            {
                errors.Invalid($"no runAfter allowed under spec.finally, final task {task.Text("name")} has runAfter specified", at);
            }

            foreach (var (where, text) in Texts(task))
            {
                FinalReferences(text, $"{at}.{where}", tasks, finals);
            }
        }
    }

    private void FinalReferences(string text, string path, HashSet<string> tasks, HashSet<string> finals)
    {
        foreach (var (_, task, _) in PipelineReferences.Results(text))
        {
            if (finals.Contains(task))
            {
                errors.Invalid($"invalid task result reference, final task has task result reference from a final task {task}", path);
            }
            else if (!tasks.Contains(task))
            {
                errors.Invalid($"invalid task result reference, final task has task result reference from a task {task} which is not defined in the pipeline", path);
            }
        }

        foreach (var task in PipelineReferences.States(text).Where(task => task.Length > 0 && !tasks.Contains(task)))
        {
            errors.Invalid($"pipeline task {task} is not defined in the pipeline", path);
        }
    }

    private void Results(JsonObject spec, string path)
    {
        var known = new Dictionary<string, HashSet<string>>
        {
            ["tasks"] = spec.Objects("tasks").Select(task => task.Text("name") ?? "").ToHashSet(),
            ["finally"] = spec.Objects("finally").Select(task => task.Text("name") ?? "").ToHashSet(),
        };
        foreach (var (index, result) in spec.Objects("results").Index().Where(result => result.Item["value"] is JsonValue))
        {
            var at = $"{path}.results[{index}].value";
            var text = result.Text("value") ?? "";
            var expressions = text.Contains("['", StringComparison.Ordinal) ? [] : PipelineReferences.Expressions(text).ToList();
            if (expressions.Count == 0)
            {
                errors.Invalid("expected pipeline results to be task result expressions but no expressions were found", at);
            }

            if (!expressions.Exists(LooksLikeResult))
            {
                errors.Invalid("expected pipeline results to be task result expressions but an invalid expressions was found", at);
            }

            // Upstream cuts the text at its dollar signs and takes what begins a piece for a task: text before the first reference is none.
            if (text.Split('$', StringSplitOptions.RemoveEmptyEntries).Any(piece => PipelineReferences.Leading(piece) is not { } one || !known[one.Holder].Contains(one.Task)))
            {
                errors.Invalid("referencing a nonexistent task", at);
            }
        }
    }

    private static bool LooksLikeResult(string expression) =>
        (expression.StartsWith("tasks.", StringComparison.Ordinal) || expression.StartsWith("finally.", StringComparison.Ordinal))
        && expression.Contains(".results", StringComparison.Ordinal);
}
