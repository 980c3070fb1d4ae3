using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Evaluates the when expressions of a task, results filled in.</summary>
internal static class Whens
{
    public static bool AllHold(TaskState state, Facts facts)
    {
        var replacements = PipelineVariables.ForTask(state, facts);
        return state.Task.Objects("when").All(when => Holds(when, replacements));
    }

    private static bool Holds(JsonObject when, Replacements replacements)
    {
        if (when.Text("cel") is { Length: > 0 } cel)
        {
            return CelWhens.Holds(Substitution.Apply(cel, replacements.Strings));
        }

        var input = Substitution.Apply(when.Text("input") ?? "", replacements.Strings);
        var values = when.Items("values").SelectMany(value => Substitution.ApplyToElement((value as JsonValue)?.ToString() ?? "", replacements));
        return values.Contains(input) == (when.Text("operator") != "notin");
    }
}
