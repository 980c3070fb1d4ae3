using System.Text.Json.Nodes;

namespace Hikigane.Server.Webhooks;

/// <summary>What a webhook is asked: a write on its way in, as an AdmissionReview carries it.</summary>
/// <param name="Operation"><c>CREATE</c> or <c>UPDATE</c>; other operations are allowed unseen.</param>
/// <param name="Object">The object as it would be written; null for a DELETE.</param>
/// <param name="Old">What is there, for an UPDATE.</param>
internal sealed record WebhookReview(string Operation, string Group, string Version, string Kind, string Namespace, JsonObject? Object, JsonObject? Old = null)
{
    /// <summary><c>status</c> where the write goes there; empty for the object itself.</summary>
    public string Subresource { get; init; } = "";
}

/// <summary>What a webhook answers. A refusal is a 400 with the reason BadRequest.</summary>
/// <param name="Webhook">Its name, as refusals show it.</param>
/// <param name="Object">The object with its defaults, from a mutating webhook that changes it; null: as it was.</param>
/// <param name="Error">Why not; null when allowed.</param>
internal sealed record WebhookAnswer(string Webhook, JsonObject? Object = null, string? Error = null)
{
    /// <summary>The refusal in the words in which the API server hands it on; null when allowed.</summary>
    public string? Refusal => Error is null ? null : $"admission webhook \"{Webhook}\" denied the request: {Error}";
}
