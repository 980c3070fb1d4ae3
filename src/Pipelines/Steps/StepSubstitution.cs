using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Steps;

/// <summary>
/// References to what earlier steps left behind: <c>$(steps.a.results.r)</c>, <c>[0]</c>, <c>[*]</c>, <c>.key</c>, and
/// <c>$(steps.a.outputs.x)</c>. As pkg/entrypoint/entrypointer.go; content is read through the given function, null where there is none.
/// </summary>
internal static partial class StepSubstitution
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Files that a text may need: paths below <c>/tekton/steps</c>.</summary>
    public static IEnumerable<string> Files(string text) =>
        ResultPattern().Matches(text).Select(match => ResultFile(match))
            .Concat(ArtifactPattern().Matches(text).Select(match => ArtifactFile(match)));

    /// <summary>A text with its single values put in; an error leaves the text to the caller.</summary>
    public static (string Text, string? Error) Results(string text, Func<string, string?> read)
    {
        string? error = null;
        var replaced = ResultPattern().Replace(text, match =>
        {
            if (match.Groups["index"].Value == "*")
            {
                error ??= "value must be in \\\"$(steps.<step-name>.results.<result-name>[*])\\\" format, when using array results";
                return match.Value;
            }

            var (value, problem) = Value(match, read);
            error ??= problem;
            return value ?? match.Value;
        });
        return (replaced, error);
    }

    /// <summary>Words, where one that is a whole list becomes several.</summary>
    public static (IReadOnlyList<string> Words, string? Error) Words(IReadOnlyList<string> words, Func<string, string?> read)
    {
        var replaced = new List<string>();
        foreach (var word in words)
        {
            var match = ResultPattern().Match(word);
            if (match.Success && match.Value == word && match.Groups["index"].Value == "*")
            {
                if (read(ResultFile(match)) is not { } content || List(content) is not { } list)
                {
                    return (words, $"failed to find replacement for {match.Value} to replace {word}");
                }

                replaced.AddRange(list);
                continue;
            }

            var (text, error) = Results(word, read);
            if (error is not null)
            {
                return (words, error);
            }

            replaced.Add(text);
        }

        return (replaced, null);
    }

    /// <summary>Artifacts' values as JSON.</summary>
    public static string Artifacts(string text, Func<string, string?> read) => ArtifactPattern().Replace(text, match =>
    {
        try
        {
            var artifacts = JsonNode.Parse(read(ArtifactFile(match)) ?? "null").Objects(match.Groups["direction"].Value);
            var found = artifacts.FirstOrDefault(artifact => artifact.Text("name") == match.Groups["name"].Value);
            return found?["values"] is JsonArray values ? Sorted(values).ToJsonString(Plain) : match.Value;
        }
        catch (JsonException)
        {
            return match.Value;
        }
    });

    private static JsonArray Sorted(JsonArray values) =>
        [.. values.Select(value => value is JsonObject one
            ? new JsonObject(one.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone())))
            : value?.DeepClone())];

    private static (string? Value, string? Error) Value(Match match, Func<string, string?> read)
    {
        if (read(ResultFile(match)) is not { } content)
        {
            return (null, $"failed to find replacement for {match.Value} to replace {match.Value}");
        }

        if (match.Groups["key"].Success)
        {
            return Parsed(content) is JsonObject map
                ? (map.Text(match.Groups["key"].Value) ?? "", null)
                : (null, $"failed to find replacement for {match.Value} to replace {match.Value}");
        }

        if (!match.Groups["index"].Success)
        {
            return (content, null);
        }

        var index = int.Parse(match.Groups["index"].Value);
        return List(content) is { } list && index < list.Count
            ? (list[index], null)
            : (null, $"index {index} out of range of {match.Value}");
    }

    private static List<string>? List(string content) =>
        Parsed(content) is JsonArray array ? [.. array.Select(item => item?.ToString() ?? "")] : null;

    private static JsonNode? Parsed(string content)
    {
        try
        {
            return JsonNode.Parse(content);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string ResultFile(Match match) => $"/tekton/steps/step-{match.Groups["step"].Value}/results/{match.Groups["name"].Value}";

    private static string ArtifactFile(Match match) => $"/tekton/steps/step-{match.Groups["step"].Value}/artifacts/provenance.json";

    [GeneratedRegex(@"\$\(steps\.(?<step>[^().\[\]/]+)\.results\.(?<name>[^().\[\]/]+)(?:\[(?<index>\d{1,9}|\*)\]|\.(?<key>[^()\[\]/]+))?\)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ResultPattern();

    [GeneratedRegex(@"\$\(steps\.(?<step>[^().\[\]/]+)\.(?<direction>inputs|outputs)\.(?<name>[^()\[\]/]+)\)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ArtifactPattern();
}
