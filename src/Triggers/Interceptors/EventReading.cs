using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Triggers.Bindings;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// What was read from an event, for all of the triggers that look at it: a body is read once for expressions and once for bindings, however many there are. Goes along
/// with the event through the chains; whoever has another body, other headers or extensions reads anew. Any thread; at worst two read the same.
/// </summary>
public sealed class EventReading
{
    private readonly string _text = "";
    private readonly ReadOnlyMemory<byte> _bytes;
    private volatile Variables? _variables;
    private volatile Payload? _payload;

    /// <summary>Nothing is known of the event.</summary>
    public EventReading()
    {
    }

    /// <summary>An event whose body came as these bytes, which do not have to be made of the text again.</summary>
    public EventReading(string text, ReadOnlyMemory<byte> bytes) => (_text, _bytes) = (text, bytes);

    /// <summary>The variables of CEL expressions, or why the body is none.</summary>
    internal (IReadOnlyDictionary<string, CelValue>? Values, string? Error) CelVariables(InterceptorRequest request)
    {
        if (_variables is { } known && ReferenceEquals(known.Body, request.Body) && ReferenceEquals(known.Header, request.Header)
            && ReferenceEquals(known.Extensions, request.Extensions) && known.EventUrl == request.Context?.EventUrl)
        {
            return (known.Values, known.Error);
        }

        var (body, error) = request.Body.Length == 0 ? (MapValue.Empty, null) : CelJson.ReadObject(BytesOf(request.Body).Span);
        var values = body is null ? null : new Dictionary<string, CelValue>
        {
            ["body"] = body,
            ["header"] = new MapValue(request.Header.ToDictionary(
                pair => pair.Key, pair => (CelValue)new ListValue([.. pair.Value.Select(value => new StringValue(value))]))),
            ["extensions"] = request.Extensions is null ? MapValue.Empty : CelJson.ReadObject(Encoding.UTF8.GetBytes(request.Extensions.ToJsonString())).Map ?? MapValue.Empty,
            ["requestURL"] = new StringValue(request.Context?.EventUrl ?? ""),
        };
        _variables = new Variables(request.Body, request.Header, request.Extensions, request.Context?.EventUrl, values, error);
        return (values, error);
    }

    /// <summary>What binding expressions see, or why they cannot.</summary>
    internal (EventPayload? Payload, string? Error) BindingPayload(ChainState state, string eventId)
    {
        if (_payload is { } known && ReferenceEquals(known.Body, state.Body) && ReferenceEquals(known.Headers, state.Headers)
            && ReferenceEquals(known.Extensions, state.Extensions) && known.EventId == eventId)
        {
            return (known.Value, known.Error);
        }

        var (payload, error) = EventPayload.Read(BytesOf(state.Body).Span, state.Headers, state.Extensions, eventId);
        _payload = new Payload(state.Body, state.Headers, state.Extensions, eventId, payload, error);
        return (payload, error);
    }

    private ReadOnlyMemory<byte> BytesOf(string body) => ReferenceEquals(body, _text) ? _bytes : Encoding.UTF8.GetBytes(body);

    private sealed record Variables(
        string Body, IReadOnlyDictionary<string, IReadOnlyList<string>> Header, JsonObject? Extensions, string? EventUrl,
        IReadOnlyDictionary<string, CelValue>? Values, string? Error);

    private sealed record Payload(
        string Body, IReadOnlyDictionary<string, IReadOnlyList<string>> Headers, JsonObject? Extensions, string EventId, EventPayload? Value, string? Error);
}
