using System.Text.Json.Nodes;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Evaluates CEL in when expressions, in an environment without variables, as upstream does.</summary>
internal static class CelWhens
{
    private static readonly CelEnvironment Environment = new(new Dictionary<string, CelType>(), []);

    /// <summary>Whether the expression holds; an error or anything but a true boolean does not.</summary>
    public static bool Holds(string expression) => Evaluate(expression).Value;

    /// <summary>
    /// What stops the run: the first expression of any task that is yet to start and cannot be evaluated. Upstream evaluates them all in every
    /// round, also those whose results are not there yet.
    /// </summary>
    public static string? Failure(Facts facts) => facts.States
        .Where(state => state.Runs.Count == 0)
        .SelectMany(state => state.Task.Objects("when").Select(when => Error(when, state, facts)))
        .FirstOrDefault(error => error is not null);

    private static string? Error(JsonObject when, TaskState state, Facts facts) =>
        when.Text("cel") is { Length: > 0 } cel ? Evaluate(Substitution.Apply(cel, PipelineVariables.ForTask(state, facts).Strings)).Error : null;

    private static (bool Value, string? Error) Evaluate(string expression)
    {
        var (program, problem) = CelProgram.Compile(expression, Environment);
        return program is null ? (false, problem?.Message ?? "") : program.Evaluate(new Dictionary<string, CelValue>()) switch
        {
            BoolValue value => (value.Value, null),
            ErrorValue error => (false, error.Message),
            _ => (false, $"The CEL expression {expression} is not evaluated to a boolean"),
        };
    }
}
