using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Server.Steps;

/// <summary>CEL of steps' <c>when</c>: an expression over constants, its variables already replaced.</summary>
public static class StepConditions
{
    private static readonly CelEnvironment Environment = new(new Dictionary<string, CelType>(), []);

    /// <summary>The value, or cel-go's error.</summary>
    public static (bool Value, string? Error) Evaluate(string expression)
    {
        var (program, problem) = CelProgram.Compile(expression, Environment);
        return program is null ? (false, problem?.Message ?? "") : program.Evaluate(new Dictionary<string, CelValue>()) switch
        {
            BoolValue value => (value.Value, null),
            ErrorValue error => (false, error.Message),
            _ => (false, "the expression is not a bool"),
        };
    }
}
