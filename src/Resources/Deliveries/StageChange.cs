using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Hikigane.Resources.Deliveries;

/// <summary>
/// What an interceptor made of the event: what it added to the extensions, and, for one that may replace the event, how body and headers differ from what it
/// was given (JSON patch, RFC 6902). The digests are of what went in and what came out, of that which changed.
/// </summary>
public sealed record StageChange
{
    /// <summary>The members that were added or replaced.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonObject? Extensions { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonArray? Body { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonArray? Headers { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StageDigests? In { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StageDigests? Out { get; init; }

    /// <summary>Why something is not shown: it is too large, or no JSON.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Note { get; init; }
}

/// <summary>SHA-256 in hex; null for what did not change.</summary>
public sealed record StageDigests
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Body { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Extensions { get; init; }
}
