using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// What a link of a chain changed, for the verdict. Asked only after a link that gave back extensions, or that may replace the event: other links cost nothing. What
/// is too large to be looked at by a person is told by its digests.
/// </summary>
internal static class StageChanges
{
    private const int MostCompared = 256 * 1024;
    private const int MostShown = 16 * 1024;

    /// <summary>Extensions of an interceptor's answer, put to those that were there.</summary>
    public static StageChange Extended(JsonObject? before, JsonObject added, JsonObject? after)
    {
        var shown = added.ToJsonString().Length <= MostShown;
        return new StageChange
        {
            Extensions = shown ? added : null,
            In = new StageDigests { Extensions = before is null ? null : Digest(before.ToJsonString()) },
            Out = new StageDigests { Extensions = Digest(after?.ToJsonString() ?? "") },
            Note = shown ? null : $"the extensions {string.Join(", ", added.Select(pair => pair.Key).Take(20))} are too large to be kept here",
        };
    }

    /// <summary>An old-style webhook's answer takes the place of the event. Null when it is the same.</summary>
    public static StageChange? Replaced(ChainState before, ChainState after)
    {
        var headers = JsonDifference.Patch(Json(before.Headers), Json(after.Headers));
        if (before.Body == after.Body)
        {
            return headers.Count == 0 ? null : new StageChange { Headers = headers };
        }

        var (patch, note) = Patch(before.Body, after.Body);
        return new StageChange
        {
            Body = patch,
            Headers = headers.Count == 0 ? null : headers,
            In = new StageDigests { Body = Digest(before.Body) },
            Out = new StageDigests { Body = Digest(after.Body) },
            Note = note,
        };
    }

    private static (JsonArray? Patch, string? Note) Patch(string before, string after)
    {
        if (before.Length > MostCompared || after.Length > MostCompared)
        {
            return (null, $"the bodies ({before.Length} and {after.Length} characters) are too large to be compared");
        }

        if (GoJsonReader.Read(Encoding.UTF8.GetBytes(before), GoNumbers.Kubernetes) is not (var left, null)
            || GoJsonReader.Read(Encoding.UTF8.GetBytes(after), GoNumbers.Kubernetes) is not (var right, null))
        {
            return (null, "the bodies are not both JSON");
        }

        var patch = JsonDifference.Patch(left, right);
        return patch.ToJsonString().Length <= MostShown ? (patch, null) : (null, $"{patch.Count} changes of the body are too many to be kept here");
    }

    private static JsonObject Json(IReadOnlyDictionary<string, IReadOnlyList<string>> headers) => new(headers
        .OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, string.Join(", ", pair.Value))));

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
