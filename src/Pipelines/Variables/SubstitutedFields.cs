using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Variables;

/// <summary>In-place replacement in fields of an object that the caller owns.</summary>
public static class SubstitutedFields
{
    /// <summary>Replaces in the string members that are named; what is absent stays absent.</summary>
    public static void ReplaceText(this JsonObject? owner, Replacements replacements, params ReadOnlySpan<string> fields)
    {
        foreach (var field in fields)
        {
            if (owner?.Text(field) is { } text)
            {
                owner[field] = Substitution.Apply(text, replacements.Strings);
            }
        }
    }

    /// <summary>Replaces in a list of strings, where an array reference becomes its elements.</summary>
    public static void ReplaceElements(this JsonObject? owner, Replacements replacements, string field)
    {
        if (owner?[field] is JsonArray list)
        {
            owner[field] = new JsonArray([.. list.Select(item => (item as JsonValue)?.ToString() ?? "")
                .SelectMany(item => Substitution.ApplyToElement(item, replacements)).Select(item => (JsonNode)item)]);
        }
    }

    /// <summary>Replaces in all values of a map of strings.</summary>
    public static void ReplaceValues(this JsonObject? map, Replacements replacements)
    {
        foreach (var key in map?.Select(pair => pair.Key).ToList() ?? [])
        {
            map.ReplaceText(replacements, key);
        }
    }

    /// <summary>Replaces in the values of params: <c>[{name, value}]</c>.</summary>
    public static void ReplaceParams(IEnumerable<JsonObject> given, Replacements replacements)
    {
        foreach (var param in given)
        {
            param["value"] = ParamValue.Read(param["value"]).Substitute(replacements).ToJson();
        }
    }

    /// <summary>Replaces in <c>when</c> expressions: <c>input</c>, <c>cel</c>, and <c>values</c>, where array params are spliced.</summary>
    public static void ReplaceWhen(IEnumerable<JsonObject> when, Replacements replacements)
    {
        foreach (var expression in when)
        {
            expression.ReplaceText(replacements, "input", "cel");
            expression.ReplaceElements(replacements, "values");
        }
    }

    /// <summary>Replaces in <c>items</c> of a ConfigMap or Secret source.</summary>
    public static void ReplaceItems(this JsonObject? source, Replacements replacements)
    {
        foreach (var item in source.Objects("items"))
        {
            item.ReplaceText(replacements, "key", "path");
        }
    }
}
