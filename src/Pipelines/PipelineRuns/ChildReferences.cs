using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary><c>status.childReferences</c>: which run belongs to which task.</summary>
internal static class ChildReferences
{
    /// <summary>Adds the children that the status has lost.</summary>
    public static void Heal(RunDraft draft)
    {
        var known = draft.Status.Objects("childReferences").Select(reference => reference.Text("name")).ToHashSet();
        foreach (var child in draft.World.Children.Where(child => !known.Contains(child.Name())))
        {
            Append(draft, new JsonObject
            {
                ["apiVersion"] = child.Text("apiVersion"),
                ["kind"] = child.Text("kind"),
                ["name"] = child.Name(),
                ["pipelineTaskName"] = child.Label("tekton.dev/pipelineTask"),
            });
        }
    }

    /// <summary>In the order of the pipeline's tasks; what belongs to none of them comes last.</summary>
    public static void Sort(RunDraft draft, IReadOnlyList<TaskState> states)
    {
        if (draft.Status["childReferences"] is JsonArray list)
        {
            var order = states.Select((state, i) => (state.Name, i)).ToDictionary(pair => pair.Name, pair => pair.i);
            draft.Status["childReferences"] = new JsonArray([.. list.OfType<JsonObject>()
                .OrderBy(reference => order.GetValueOrDefault(reference.Text("pipelineTaskName") ?? "", states.Count)).Select(reference => reference.DeepClone())]);
        }
    }

    public static void Add(RunDraft draft, TaskState state, Facts facts, JsonObject child)
    {
        if (draft.Status.Objects("childReferences").Any(known => known.Text("name") == child.Name()))
        {
            return;
        }

        var reference = new JsonObject
        {
            ["apiVersion"] = child.Text("apiVersion"),
            ["kind"] = child.Text("kind"),
            ["name"] = child.Name(),
            ["pipelineTaskName"] = state.Name,
        };
        if (child.Annotation(ChildBuilder.DisplayName) is { } displayName)
        {
            reference["displayName"] = displayName;
            child.Ensure("metadata", "annotations").Remove(ChildBuilder.DisplayName);
        }

        if (state.Task["when"] is JsonArray { Count: > 0 } when)
        {
            reference["whenExpressions"] = PipelineVariables.Substitute(when, facts.Results(state, out _));
        }

        Append(draft, reference);
    }

    private static void Append(RunDraft draft, JsonNode reference)
    {
        if (draft.Status["childReferences"] is not JsonArray list)
        {
            draft.Status["childReferences"] = list = [];
        }

        list.Add(reference);
    }
}
