using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Checks, once, that results and workspaces that tasks refer to are declared. As tektoncd/pipeline validate_dependencies.go.</summary>
internal static class ReferenceChecks
{
    public static Plan? Failure(RunDraft draft, JsonObject pipeline, IReadOnlyList<TaskState> states)
    {
        var byName = states.ToDictionary(state => state.Name);
        foreach (var state in states)
        {
            foreach (var reference in ResultReference.Places(state.Task).SelectMany(ResultReference.In))
            {
                if (Undeclared(byName, reference) is { } why)
                {
                    var cause = $"invalid result reference in pipeline task \"{state.Name}\": {why}";
                    return draft.Fail("InvalidTaskResultReference", cause, cause: cause);
                }
            }
        }

        foreach (var result in pipeline.Objects("results"))
        {
            foreach (var reference in ResultReference.In(result["value"]))
            {
                if (Undeclared(byName, reference) is { } why)
                {
                    var cause = $"invalid pipeline result \"{result.Text("name")}\": {why}";
                    return draft.Fail("InvalidPipelineResultReference", $"Failed to resolve pipeline result reference for \"{draft.Run.Name()}\" with error {cause}", cause: cause);
                }
            }
        }

        return Workspaces(draft, pipeline, states) ?? TaskParams(draft, states);
    }

    /// <summary>Object params without all their keys, and enums of the pipeline that a task does not allow.</summary>
    private static Plan? TaskParams(RunDraft draft, IReadOnlyList<TaskState> states)
    {
        foreach (var state in states.Where(state => state.Spec is not null))
        {
            var given = state.Task.Objects("params").ToDictionary(param => param.Text("name") ?? "", param => param["value"]);
            var missing = state.Spec.Objects("params").Where(param => param.Text("type") == "object")
                .Select(param => (Name: param.Text("name") ?? "", Missing: MissingKeys(param, given.GetValueOrDefault(param.Text("name") ?? ""))))
                .Where(one => one.Missing.Count > 0).OrderBy(one => one.Name, StringComparer.Ordinal).ToList();
            if (missing.Count > 0)
            {
                var cause = "invalid input params for task "
                    + $"{state.Task.Text("taskRef", "name")}: missing keys for these params which are required in ParamSpec's properties map[{string.Join(' ', missing.Select(one => $"{one.Name}:[{string.Join(' ', one.Missing)}]"))}]";
                return draft.Fail("PipelineValidationFailed", $"Validation failed for pipelinerun {draft.Run.Name()} with error {cause}", isUserError: true, cause);
            }
        }

        return draft.World.Config.IsOn("enable-param-enum") ? Enums(draft, states) : null;
    }

    private static Plan? Enums(RunDraft draft, IReadOnlyList<TaskState> states)
    {
        var declared = (draft.World.Run.Object("spec", "pipelineSpec") ?? draft.World.FindPipeline(draft.Run.Text("spec", "pipelineRef", "name") ?? "").Object("spec"));
        foreach (var task in declared.Objects("tasks").Concat(declared.Objects("finally")))
        {
            var spec = states.FirstOrDefault(state => state.Name == task.Text("name"))?.Spec;
            foreach (var param in task.Objects("params"))
            {
                var outer = declared.Objects("params").FirstOrDefault(one => $"$(params.{one.Text("name")})" == param.Text("value"));
                var inner = spec.Objects("params").FirstOrDefault(one => one.Text("name") == param.Text("name"));
                if (inner?["enum"] is not JsonArray { Count: > 0 } || outer is null)
                {
                    continue;
                }

                var allowed = inner.Items("enum").Select(one => one?.ToString() ?? "").ToList();
                var wanted = outer.Items("enum").Select(one => one?.ToString() ?? "").ToList();
                if (wanted.Count == 0 || wanted.Except(allowed).Any())
                {
                    var cause = $"pipeline param \"{outer.Text("name")}\" enum: [{string.Join(' ', wanted)}] is not a subset of the referenced in \"{task.Text("taskRef", "name") ?? task.Text("name")}\" task param enum: [{string.Join(' ', allowed)}]";
                    return draft.Fail("PipelineValidationFailed", $"Validation failed for pipelinerun with error {cause}", isUserError: true, cause);
                }
            }
        }

        return null;
    }

    private static List<string> MissingKeys(JsonObject param, JsonNode? given)
    {
        if (given is not JsonObject value)
        {
            return [];
        }

        var there = value.Concat(param.Object("default") ?? []).Select(pair => pair.Key).ToHashSet();
        return [.. (param.Object("properties") ?? []).Select(pair => pair.Key).Where(key => !there.Contains(key)).Order(StringComparer.Ordinal)];
    }

    private static string? Undeclared(Dictionary<string, TaskState> states, ResultReference reference)
    {
        if (!states.TryGetValue(reference.Task, out var producer))
        {
            return $"\"{reference.Task}\" is not a PipelineTask";
        }

        return producer.Spec is not { Count: > 0 } spec || spec.Objects("results").Any(result => result.Text("name") == reference.Result)
            ? null : $"\"{reference.Result}\" is not a named result returned by pipeline task \"{reference.Task}\"";
    }

    private static Plan? Workspaces(RunDraft draft, JsonObject pipeline, IReadOnlyList<TaskState> states)
    {
        var optional = pipeline.Objects("workspaces").Where(one => one.Flag("optional")).Select(one => one.Text("name")).ToHashSet();
        foreach (var state in states)
        {
            foreach (var binding in state.Task.Objects("workspaces"))
            {
                var name = binding.Text("workspace") ?? binding.Text("name");
                var declared = state.Spec.Objects("workspaces").FirstOrDefault(one => one.Text("name") == binding.Text("name"));
                if (optional.Contains(name) && declared is not null && !declared.Flag("optional"))
                {
                    return draft.Fail("RequiredWorkspaceMarkedOptional", $"Optional workspace not supported by task: pipeline workspace \"{name}\" is marked optional but pipeline task \"{state.Name}\" requires it be provided", isUserError: true);
                }
            }
        }

        return null;
    }
}
