using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>A <c>$(tasks.T.results.R)</c> with its text, an index (<c>[1]</c>, <c>[*]</c>) or an object key.</summary>
internal sealed record ResultReference(string Expression, string Task, string Result)
{
    public string? Index { get; init; }

    public string? Key { get; init; }

    /// <summary>All references in every text of a node, in order.</summary>
    public static IEnumerable<ResultReference> In(JsonNode? node) => Texts(node).SelectMany(Substitution.Names).Select(Parse).OfType<ResultReference>();

    /// <summary>One variable's name as a reference; null when it is none.</summary>
    public static ResultReference? Parse(string name)
    {
        var parts = name.Split('.');
        if (parts.Length is < 4 or > 5 || parts[0] is not ("tasks" or "finally") || parts[2] != "results")
        {
            return null;
        }

        var result = parts[3];
        string? index = null;
        if (result.EndsWith(']') && result.IndexOf('[', StringComparison.Ordinal) is > 0 and var open)
        {
            index = result[(open + 1)..^1];
            result = result[..open];
        }

        return new ResultReference(name, parts[1], result) { Index = index, Key = parts.Length == 5 ? parts[4] : null };
    }

    /// <summary>Names of tasks that a node refers to by result or matrix length.</summary>
    public static IEnumerable<string> TasksIn(JsonNode? node) => Texts(node).SelectMany(Substitution.Names)
        .Select(name => name.Split('.'))
        .Where(parts => parts.Length >= 4 && parts[0] == "tasks" && parts[2] is "results" or "matrix" or "outputs" or "inputs")
        .Select(parts => parts[1]);

    /// <summary>Every string in a node, in document order.</summary>
    public static IEnumerable<string> Texts(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(pair => Texts(pair.Value)),
        JsonArray list => list.SelectMany(Texts),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [value.GetValue<string>()],
        _ => [],
    };

    /// <summary>The parts of a pipeline task in which a reference counts.</summary>
    public static IEnumerable<JsonNode?> Places(JsonObject task) =>
        [task["params"], task["matrix"], task["when"], task["taskSpec"].At("steps"), task["taskSpec"].At("sidecars"), task["taskSpec"].At("stepTemplate")];
}
