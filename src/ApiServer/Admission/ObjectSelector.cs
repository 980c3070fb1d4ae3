using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Admission;

/// <summary>A <c>LabelSelector</c> as objects hold it; an empty one selects everything.</summary>
internal static class ObjectSelector
{
    public static bool Selects(JsonObject selector, JsonObject? labels)
    {
        foreach (var (key, wanted) in selector.Object("matchLabels") ?? [])
        {
            if (labels.Text(key) is not { } value || value != wanted.Text())
            {
                return false;
            }
        }

        return selector.Objects("matchExpressions").All(expression => Holds(expression, labels));
    }

    private static bool Holds(JsonObject expression, JsonObject? labels)
    {
        var value = labels.Text(expression.Text("key") ?? "");
        var isNamed = value is not null && expression.Items("values").Any(one => one.Text() == value);
        return expression.Text("operator") switch
        {
            "In" => isNamed,
            "NotIn" => !isNamed,
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            _ => false,
        };
    }
}
