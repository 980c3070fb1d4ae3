using System.Collections.Frozen;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Expressions.JsonPath;

namespace Hikigane.Triggers.Bindings;

/// <summary>What binding expressions see: <c>header</c>, <c>body</c>, <c>extensions</c> and <c>context</c>. As tektoncd/triggers pkg/template/event.go.</summary>
public sealed class EventPayload
{
    private static readonly GoShape Root = new("template.event", new Dictionary<string, string>
    {
        ["Header"] = "header",
        ["Body"] = "body",
        ["Extensions"] = "extensions",
        ["Context"] = "context",
    });

    private static readonly GoShape Context = new("template.TriggerContext", new Dictionary<string, string> { ["EventID"] = "eventID" });

    private static readonly GoShape Header = new("map[string]string", FrozenDictionary<string, string>.Empty);

    private EventPayload(JsonObject values, IReadOnlyDictionary<JsonObject, GoShape> shapes) => (Values, Shapes) = (values, shapes);

    /// <summary>The four values.</summary>
    public JsonObject Values { get; }

    internal IReadOnlyDictionary<JsonObject, GoShape> Shapes { get; }

    /// <summary>Reads the event; an error, in upstream's words, when the body is not JSON. An empty body is null.</summary>
    public static (EventPayload? Payload, string? Error) Read(
        ReadOnlySpan<byte> body, IReadOnlyDictionary<string, IReadOnlyList<string>> headers, JsonObject? extensions, string eventId)
    {
        var (decoded, error) = body.Length == 0 ? (null, null) : GoJsonReader.Read(body);
        if (error is not null)
        {
            return (null, "failed to marshal event: failed to unmarshal request body: " + error);
        }

        var header = new JsonObject();
        foreach (var (name, values) in headers)
        {
            header[name] = string.Join(',', values);
        }

        var context = new JsonObject { ["eventID"] = eventId };
        var root = new JsonObject
        {
            ["header"] = header,
            ["body"] = decoded,
            ["extensions"] = AsFloats(extensions) ?? new JsonObject(),
            ["context"] = context,
        };
        var shapes = new Dictionary<JsonObject, GoShape>(ReferenceEqualityComparer.Instance) { [root] = Root, [context] = Context, [header] = Header };
        return (new EventPayload(root, shapes), null);
    }

    // Extensions came over a wire as JSON upstream: every number is a double there, and compares as one.
    private static JsonNode? AsFloats(JsonObject? extensions) =>
        extensions is null ? null : GoJsonReader.Read(GoJsonWriter.Write(extensions, escapeHtml: false)).Node;
}
