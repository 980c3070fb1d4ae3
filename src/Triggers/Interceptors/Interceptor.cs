using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// One link of a trigger's chain. Built-in links complete synchronously; remote ones are supplied by the listener.
/// A "no" is a response with <see cref="InterceptorResponse.Continue"/> false; an exception means that the link could not be asked.
/// </summary>
public delegate ValueTask<InterceptorResponse> Interceptor(InterceptorRequest request, CancellationToken cancellationToken);

/// <summary>Reads a key of a Secret. An error is text in upstream's words (<c>secrets "x" not found</c>), not an exception.</summary>
public delegate ValueTask<SecretValue> SecretReader(SecretKey key, CancellationToken cancellationToken);

/// <summary>Which key of which Secret.</summary>
public readonly record struct SecretKey(string Namespace, string Name, string Key);

/// <summary>A Secret's value, or why there is none.</summary>
public readonly record struct SecretValue(ReadOnlyMemory<byte> Bytes, string? Error)
{
    public static SecretValue Of(ReadOnlyMemory<byte> bytes) => new(bytes, null);

    public static SecretValue Missing(string error) => new(default, error);

    /// <summary>What reading a key from a Secret's data gives; null when the Secret does not exist.</summary>
    public static SecretValue From(IReadOnlyDictionary<string, byte[]>? data, SecretKey key) =>
        data is null ? Missing($"secrets \"{key.Name}\" not found")
        : data.TryGetValue(key.Key, out var bytes) ? Of(bytes)
        : Missing($"cannot find {key.Key} key in secret {key.Namespace}/{key.Name}");
}

/// <summary>What an interceptor is asked (spec: triggers.md §4.1; upstream <c>v1beta1.InterceptorRequest</c>).</summary>
public sealed record InterceptorRequest
{
    /// <summary>The payload byte for byte, as a string.</summary>
    public string Body { get; init; } = "";

    /// <summary>
    /// The event's own text where the chain has made JSON of a form: what a signature was made over. Null: <see cref="Body"/>. Never on the wire.
    /// </summary>
    public string? FormText { get; init; }

    /// <summary>Header name → values. From our listener the names are canonical.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Header { get; init; } = EventHeaders.None;

    /// <summary>What earlier links added. Shared: copy before changing.</summary>
    public JsonObject? Extensions { get; init; }

    /// <summary>The link's own params. Shared: copy before changing.</summary>
    public JsonObject? InterceptorParams { get; init; }

    public TriggerContext? Context { get; init; }

    /// <summary>Never on the wire: what was already read from the event.</summary>
    public EventReading? Reading { get; init; }
}

/// <summary>Which event and which trigger a request is about.</summary>
public sealed record TriggerContext(string EventUrl, string EventId, string TriggerId)
{
    /// <summary>Never on the wire: whether the event repeats an earlier one.</summary>
    public bool IsReplay { get; init; }

    /// <summary>The namespace in <c>namespaces/NS/triggers/NAME</c>; empty for any other form, as upstream parses it.</summary>
    public string Namespace => TriggerId.Split('/') is [_, var ns, _, _] ? ns : "";
}

/// <summary>The gRPC codes that interceptors answer with.</summary>
public enum InterceptorCode
{
    Ok = 0,
    InvalidArgument = 3,
    NotFound = 5,
    FailedPrecondition = 9,
    Internal = 13,
}

/// <summary>What an interceptor answers (upstream <c>v1beta1.InterceptorResponse</c>).</summary>
public sealed record InterceptorResponse
{
    public JsonObject? Extensions { get; init; }

    public required bool Continue { get; init; }

    public InterceptorCode Code { get; init; }

    public string Message { get; init; } = "";

    /// <summary>For the verdict only, never on the wire: sub-expressions of a CEL filter with their values.</summary>
    public IReadOnlyList<EvaluatedExpression> Expressions { get; init; } = [];

    /// <summary>For the verdict only: the cause of spec/ux.md §3.4 when the link knows it better than its message tells.</summary>
    public string Cause { get; init; } = "";

    /// <summary>For the verdict only: a sentence for a person.</summary>
    public string Explain { get; init; } = "";

    public static InterceptorResponse Pass(JsonObject? extensions = null) => new() { Continue = true, Extensions = extensions };

    public static InterceptorResponse Stop(InterceptorCode code, string message) =>
        new() { Continue = false, Code = code, Message = message };
}
