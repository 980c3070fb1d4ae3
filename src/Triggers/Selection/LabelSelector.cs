using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Selection;

/// <summary>A <c>metav1.LabelSelector</c>, ready to match.</summary>
public sealed class LabelSelector
{
    private readonly IReadOnlyList<(string Key, string Operator, IReadOnlyList<string> Values)> _requirements;

    private LabelSelector(IReadOnlyList<(string, string, IReadOnlyList<string>)> requirements) => _requirements = requirements;

    /// <summary>Reads a selector; null (everything) matches all. The error is upstream's text.</summary>
    public static (LabelSelector Selector, string? Error) Read(JsonObject? selector)
    {
        var requirements = new List<(string, string, IReadOnlyList<string>)>();
        foreach (var (key, value) in selector.Object("matchLabels") ?? [])
        {
            if ((LabelSyntax.KeyError(key) ?? LabelSyntax.ValueError(key, 0, value.Text() ?? "")) is { } wrong)
            {
                return (new LabelSelector([]), wrong);
            }

            requirements.Add((key, "In", [value.Text() ?? ""]));
        }

        foreach (var expression in selector.Objects("matchExpressions"))
        {
            var comparison = expression.Text("operator") ?? "";
            var key = expression.Text("key") ?? "";
            var values = expression.Items("values").Select(value => value.Text() ?? "").ToList();
            var error = comparison switch
            {
                "In" or "NotIn" => values.Count > 0 ? null : "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
                "Exists" or "DoesNotExist" => values.Count == 0 ? null : "values: Invalid value: values set must be empty for exists and does not exist",
                _ => $"\"{comparison}\" is not a valid label selector operator",
            };
            error ??= LabelSyntax.KeyError(key) ?? values.Select((value, index) => LabelSyntax.ValueError(key, index, value)).FirstOrDefault(one => one is not null);
            if (error is not null)
            {
                return (new LabelSelector([]), error);
            }

            requirements.Add((key, comparison, values));
        }

        return (new LabelSelector(requirements), null);
    }

    public bool Matches(JsonObject manifest) => _requirements.All(requirement =>
    {
        var label = manifest.Label(requirement.Key);
        return requirement.Operator switch
        {
            "In" => label is not null && requirement.Values.Contains(label),
            "NotIn" => label is null || !requirement.Values.Contains(label),
            "Exists" => label is not null,
            _ => label is null,
        };
    });
}
