using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Steps;

/// <summary>One entry of a termination message (tektoncd/pipeline pkg/result).</summary>
public sealed record StepResult(string Key, string Value, int Type)
{
    public const int TaskResult = 1;
    public const int Internal = 3;
    public const int Step = 4;
    public const int StepArtifacts = 5;
    public const int TaskArtifacts = 6;
}

/// <summary>Entries ↔ the termination message, plain or compressed (pkg/termination).</summary>
public static class StepTermination
{
    public const int Longest = 4096;
    public const string TooLong = "Termination message is above max allowed size 4096, caused by large task result.";
    private const string CompressedPrefix = "tknz:";

    /// <summary>The entries that were there already, and the new ones; a later one of the same key wins. Unreadable text counts as none.</summary>
    public static IReadOnlyList<StepResult> Merge(string existing, IEnumerable<StepResult> added)
    {
        var merged = new List<StepResult>();
        foreach (var result in Parse(existing).Concat(added))
        {
            merged.RemoveAll(one => one.Key == result.Key && one.Type == result.Type);
            merged.Add(result);
        }

        return merged;
    }

    public static IReadOnlyList<StepResult> Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonArray array
                ? [.. array.OfType<JsonObject>().Select(one => new StepResult(one.Text("key") ?? "", one.Text("value") ?? "", (int)(one.Integer("type") ?? 0)))]
                : [];
        }
        catch (System.Text.Json.JsonException)
        {
            return [];
        }
    }

    /// <summary>Null when it is too long.</summary>
    public static byte[]? Write(IReadOnlyList<StepResult> results, bool isCompressed)
    {
        var text = new StringBuilder("[");
        foreach (var result in results)
        {
            text.Append(text.Length > 1 ? "," : "").Append("{\"key\":").Append(Quote(result.Key)).Append(",\"value\":").Append(Quote(result.Value))
                .Append(",\"type\":").Append(result.Type).Append('}');
        }

        var bytes = Encoding.UTF8.GetBytes(text.Append(']').ToString());
        bytes = isCompressed ? Compress(bytes) : bytes;
        return bytes.Length > Longest ? null : bytes;
    }

    /// <summary>Text of a message, whichever form it has.</summary>
    public static string Decompress(string message)
    {
        if (!message.StartsWith(CompressedPrefix, StringComparison.Ordinal))
        {
            return message;
        }

        using var source = new MemoryStream(Convert.FromBase64String(message[CompressedPrefix.Length..]));
        using var inflate = new System.IO.Compression.DeflateStream(source, System.IO.Compression.CompressionMode.Decompress);
        using var target = new MemoryStream();
        inflate.CopyTo(target);
        return Encoding.UTF8.GetString(target.ToArray());
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var deflate = new System.IO.Compression.DeflateStream(target, System.IO.Compression.CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflate.Write(bytes);
        }

        return Encoding.ASCII.GetBytes(CompressedPrefix + Convert.ToBase64String(target.ToArray()));
    }

    /// <summary>A JSON string as Go's encoder writes it: its length counts against the limit.</summary>
    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in text)
        {
            quoted.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                '<' or '>' or '&' or '\u2028' or '\u2029' => $"\\u{(int)character:x4}",
                < ' ' => $"\\u{(int)character:x4}",
                _ => character.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
