using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Steps;

/// <summary>Evaluates a CEL expression without variables to a boolean, or gives cel-go's error text.</summary>
public delegate (bool Value, string? Error) StepCel(string expression);

/// <summary>The conditions under which a step runs.</summary>
internal static class StepWhen
{
    /// <summary>Whether all hold; the error ends the step.</summary>
    public static (bool Holds, string? Error) Evaluate(string expressions, Func<string, string?> read, StepCel cel)
    {
        JsonNode? parsed;
        try
        {
            parsed = JsonNode.Parse(expressions);
        }
        catch (JsonException)
        {
            return (false, "unexpected end of JSON input");
        }

        foreach (var expression in (parsed as JsonArray ?? []).OfType<JsonObject>())
        {
            if (expression.Text("cel") is { Length: > 0 } text)
            {
                var (holds, error) = cel(StepSubstitution.Results(text, read).Text);
                if (error is not null || !holds)
                {
                    return (false, error);
                }

                continue;
            }

            var input = StepSubstitution.Results(expression.Text("input") ?? "", read).Text;
            var values = StepSubstitution.Words([.. expression.Items("values").Select(value => value?.ToString() ?? "")], read).Words;
            if (values.Contains(input) == (expression.Text("operator") == "notin"))
            {
                return (false, null);
            }
        }

        return (true, null);
    }
}
