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
                    return draft.Fail("InvalidTaskResultReference", $"invalid result reference in pipeline task \"{state.Name}\": {why}");
                }
            }
        }

        foreach (var result in pipeline.Objects("results"))
        {
            foreach (var reference in ResultReference.In(result["value"]))
            {
                if (Undeclared(byName, reference) is { } why)
                {
                    return draft.Fail("InvalidPipelineResultReference", $"Failed to resolve pipeline result reference for \"{draft.Run.Name()}\" with error invalid pipeline result \"{result.Text("name")}\": {why}");
                }
            }
        }

        return Workspaces(draft, pipeline, states);
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
