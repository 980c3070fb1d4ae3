using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Templates;

/// <summary>
/// The resource templates of a TriggerTemplate, cut at their variables once. Rendering is one pass over the text: what an event
/// brings is never read as a variable (spec: triggers.md §5.6, Q-10). As tektoncd/triggers pkg/template/resource.go.
/// </summary>
public sealed class ResourceTemplates
{
    private const string OldEscapeQuotes = "triggers.tekton.dev/old-escape-quotes";
    private const string ParamPrefix = "$(tt.params.";
    private const string UidVariable = "$(uid)";

    private static readonly ConditionalWeakTable<JsonObject, ResourceTemplates> Compiled = [];

    private readonly bool _escapesQuotes;

    private ResourceTemplates(JsonObject spec, bool escapesQuotes)
    {
        _escapesQuotes = escapesQuotes;
        Params = [.. spec.Objects("params").Select(param => (param.Text("name") ?? "", param.Text("default")))];
        Texts = [.. spec.Items("resourcetemplates").Select(template => GoJsonWriter.Write(template))];
    }

    /// <summary>The declared parameters with their defaults; null is no default.</summary>
    public IReadOnlyList<(string Name, string? Default)> Params { get; }

    /// <summary>The templates as JSON text.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>The compiled form of a TriggerTemplate.</summary>
    public static ResourceTemplates Of(JsonObject template) =>
        Compiled.GetValue(template, one => new ResourceTemplates(one.Object("spec") ?? [], one.At("metadata", "annotations", OldEscapeQuotes) is not null));

    /// <summary>The compiled form of a template inside a trigger; annotations do not exist there.</summary>
    public static ResourceTemplates OfSpec(JsonObject spec) => Compiled.GetValue(spec, one => new ResourceTemplates(one, escapesQuotes: false));

    /// <summary>One template with its variables replaced. A parameter that nothing binds stays as it is written.</summary>
    public string Render(int index, IReadOnlyDictionary<string, string> values, string uid)
    {
        var text = Texts[index];
        var rendered = new StringBuilder(text.Length);
        var at = 0;
        while (text.IndexOf("$(", at, StringComparison.Ordinal) is var found && found >= 0)
        {
            rendered.Append(text, at, found - at);
            if (string.CompareOrdinal(text, found, UidVariable, 0, UidVariable.Length) == 0)
            {
                rendered.Append(uid);
                at = found + UidVariable.Length;
            }
            else if (Param(text, found, values) is { } param)
            {
                rendered.Append(Escaped(param.Value));
                at = found + param.Length;
            }
            else
            {
                rendered.Append("$(");
                at = found + 2;
            }
        }

        return rendered.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>The parameter whose variable begins here. Names may hold any character, parentheses too.</summary>
    private static (string Value, int Length)? Param(string text, int start, IReadOnlyDictionary<string, string> values)
    {
        if (string.CompareOrdinal(text, start, ParamPrefix, 0, ParamPrefix.Length) != 0)
        {
            return null;
        }

        // Not further than the longest name: a template of unclosed variables would be read over and over.
        var nameStart = start + ParamPrefix.Length;
        var last = Math.Min(text.Length, nameStart + values.Keys.Max(name => (int?)name.Length).GetValueOrDefault() + 1);
        for (var end = text.IndexOf(')', nameStart, last - nameStart); end >= 0; end = text.IndexOf(')', end + 1, last - end - 1))
        {
            if (values.TryGetValue(text[nameStart..end], out var value))
            {
                return (value, end + 1 - start);
            }
        }

        return null;
    }

    private string Escaped(string value)
    {
        value = _escapesQuotes ? value.Replace("\"", "\\\"", StringComparison.Ordinal) : value;
        // So that Tekton Pipelines does not take the payload's text for a variable either.
        return value.Replace("$(", "$$(", StringComparison.Ordinal);
    }
}
