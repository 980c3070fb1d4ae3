namespace Hikigane.Server.Steps;

/// <summary>CEL of steps' <c>when</c>.</summary>
public static class StepConditions
{
    /// <summary>The value, or cel-go's error.</summary>
    public static (bool Value, string? Error) Evaluate(string expression) => (false, $"no evaluator for {expression}");
}
