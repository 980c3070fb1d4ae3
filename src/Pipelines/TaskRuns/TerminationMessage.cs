using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>One entry of a step's termination message.</summary>
internal sealed record RunResult(string Key, string Value, int Type)
{
    public const int Task = 1;
    public const int Internal = 3;
    public const int Step = 4;
    public const int StepArtifacts = 5;
    public const int TaskArtifacts = 6;

    public JsonObject ToJson()
    {
        var written = new JsonObject { ["key"] = Key, ["value"] = Value };
        if (Type != 0)
        {
            written["type"] = Type;
        }

        return written;
    }
}

/// <summary>What a step reports through the kubelet. As tektoncd/pipeline pkg/termination: the last entry of a key counts, sorted by key.</summary>
internal static class TerminationMessage
{
    private const string CompressedPrefix = "tknz:";

    public static IReadOnlyList<RunResult> Parse(string message, out string? error)
    {
        error = null;
        if (message.Length == 0)
        {
            return [];
        }

        var text = message;
        if (message.StartsWith(CompressedPrefix, StringComparison.Ordinal) && Decompress(message[CompressedPrefix.Length..], out error) is { } plain)
        {
            text = plain;
        }

        if (error is not null)
        {
            error = $"decompressing termination message: {error}";
            return [];
        }

        try
        {
            if (JsonNode.Parse(text) is JsonArray entries)
            {
                return [.. entries.OfType<JsonObject>().Select(Read).Where(one => one != new RunResult("", "", 0))
                    .GroupBy(one => one.Key).Select(group => group.Last()).OrderBy(one => one.Key, StringComparer.Ordinal)];
            }

            error = $"parsing message json: json: cannot unmarshal into Go value of type []result.RunResult, msg: {Shorten(text)}";
        }
        catch (JsonException)
        {
            error = $"parsing message json: {GoSyntaxError(text)}, msg: {Shorten(text)}";
        }

        return [];
    }

    public static string Write(IEnumerable<RunResult> results)
    {
        var entries = new JsonArray([.. results.Select(result => result.ToJson())]);
        return entries.Count == 0 ? "" : JsonText.Write(entries);
    }

    private static RunResult Read(JsonObject entry) => new(entry.Text("key") ?? "", entry.Text("value") ?? "", entry["type"] switch
    {
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => (int)(entry.Integer("type") ?? 0),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>() switch
        {
            "TaskRunResult" => RunResult.Task,
            "InternalTektonResult" => RunResult.Internal,
            "StepResult" => RunResult.Step,
            "StepArtifactsResult" => RunResult.StepArtifacts,
            "TaskRunArtifactsResult" => RunResult.TaskArtifacts,
            _ => 10,
        },
        _ => 0,
    });

    private static string Shorten(string text) => text.Length > 256 ? text[..256] + "...(truncated)" : text;

    private static string? Decompress(string encoded, out string? error)
    {
        error = null;
        try
        {
            using var inflated = new DeflateStream(new MemoryStream(Convert.FromBase64String(encoded)), CompressionMode.Decompress);
            using var reader = new StreamReader(inflated, Encoding.UTF8);
            return reader.ReadToEnd();
        }
        catch (FormatException)
        {
            var at = encoded.TakeWhile(one => char.IsAsciiLetterOrDigit(one) || one is '+' or '/').Count();
            error = $"base64 decode: illegal base64 data at input byte {at}";
        }
        catch (InvalidDataException)
        {
            error = "deflate decompression: flate: corrupt input before offset 0";
        }

        return null;
    }

    private static readonly string[] Literals = ["true", "false", "null"];

    /// <summary>The words of Go's decoder for text that is no JSON.</summary>
    private static string GoSyntaxError(string text)
    {
        var first = text.TrimStart();
        if (first.Length == 0 || first[0] is '[' or '{' or '"')
        {
            return "unexpected end of JSON input";
        }

        foreach (var literal in Literals.Where(literal => literal[0] == first[0]))
        {
            var same = literal.Zip(first).TakeWhile(pair => pair.First == pair.Second).Count();
            return same < first.Length && same < literal.Length
                ? $"invalid character '{first[same]}' in literal {literal} (expecting '{literal[same]}')"
                : "unexpected end of JSON input";
        }

        return $"invalid character '{first[0]}' looking for beginning of value";
    }
}
