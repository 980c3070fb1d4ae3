using Hikigane.Resources.Deliveries;

namespace Hikigane.Triggers.Bindings;

/// <summary>A trigger's parameters for one event: defaults first, bindings over them (spec: triggers.md §5.5).</summary>
public sealed record ParamValues(IReadOnlyDictionary<string, string> Values, IReadOnlyList<ResolvedParam> Params)
{
    /// <summary>Upstream's text when an expression fails and the template has no default for its parameter.</summary>
    public string? Error { get; init; }

    /// <summary>The parameter that has no value.</summary>
    public string FailedParam { get; init; } = "";

    /// <summary>The expression that failed, as it stands in the binding.</summary>
    public string FailedExpression { get; init; } = "";

    public static ParamValues Resolve(
        IReadOnlyList<BoundParam> bound, IReadOnlyList<(string Name, string? Default)> declared, EventPayload payload)
    {
        var values = new Dictionary<string, string>();
        var origins = new Dictionary<string, string>();
        foreach (var (name, fallback) in declared)
        {
            if (fallback is not null)
            {
                values[name] = fallback;
                origins[name] = "default";
            }
        }

        foreach (var (value, binding) in bound)
        {
            var (text, error, expression) = value.Evaluate(payload, values.GetValueOrDefault(value.Name));
            if (error is not null)
            {
                return new ParamValues(values, Listed(values, origins))
                {
                    Error = "failed to ApplyEventValuesToParams: " + error,
                    FailedParam = value.Name,
                    FailedExpression = expression ?? value.Source,
                };
            }

            values[value.Name] = text!;
            origins[value.Name] = $"{(binding.Length == 0 ? "binding" : $"binding {binding}")} ← {value.Source}";
        }

        return new ParamValues(values, Listed(values, origins));
    }

    private static List<ResolvedParam> Listed(Dictionary<string, string> values, Dictionary<string, string> origins) =>
        [.. values.Select(pair => new ResolvedParam(pair.Key, pair.Value, origins[pair.Key]))];
}
