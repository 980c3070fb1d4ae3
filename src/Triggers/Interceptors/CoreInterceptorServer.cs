using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Expressions.Cel.Go;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Triggers.Interceptors;

/// <summary>An HTTP answer of the core interceptor service.</summary>
public sealed record CoreInterceptorAnswer(int Status, string ContentType, string Body);

/// <summary>
/// The core interceptor service as a function from request to answer: routing, decoding, and the spelling of the answer (upstream
/// <c>pkg/interceptors/server</c>).
/// </summary>
public sealed class CoreInterceptorServer(IReadOnlyDictionary<string, Interceptor> interceptors)
{
    public async ValueTask<CoreInterceptorAnswer> HandleAsync(string path, string body, CancellationToken cancellationToken)
    {
        var name = path.Split('?')[0].ToLowerInvariant();
        name = name.StartsWith('/') ? name[1..] : name;
        if (name == "ready")
        {
            return new CoreInterceptorAnswer(200, "", "");
        }

        if (!interceptors.TryGetValue(name, out var interceptor))
        {
            return Refused("path did not match any interceptors");
        }

        var (request, error) = Decode(body);
        return request is null
            ? Refused("failed to parse body as InterceptorRequest: " + error)
            : new CoreInterceptorAnswer(200, "application/json", Encode(await interceptor(request, cancellationToken)));
    }

    /// <summary>The answer's text as Go's <c>encoding/json</c> writes it.</summary>
    public static string Encode(InterceptorResponse response)
    {
        var text = new StringBuilder("{");
        if (response.Extensions is { Count: > 0 } extensions && GoJsonReader.Read(extensions.ToJsonString()).Value is { } value)
        {
            text.Append("\"extensions\":").Append(GoJsonWriter.ToText(value, escapesHtml: true).Json).Append(',');
        }

        text.Append(response.Continue ? "\"continue\":true,\"status\":{" : "\"continue\":false,\"status\":{");
        if (response.Code != InterceptorCode.Ok)
        {
            text.Append(CultureInfo.InvariantCulture, $"\"code\":{(int)response.Code}");
        }

        if (response.Message.Length > 0)
        {
            text.Append(response.Code != InterceptorCode.Ok ? ",\"message\":" : "\"message\":");
            GoJsonWriter.WriteString(text, response.Message);
        }

        return text.Append("}}").ToString();
    }

    private static CoreInterceptorAnswer Refused(string message) => new(400, "text/plain; charset=utf-8", message + "\n");

    private static (InterceptorRequest? Request, string? Error) Decode(string body)
    {
        var (value, error) = GoJsonReader.Read(body);
        if (value is null)
        {
            return (null, error);
        }

        if (value is NullValue)
        {
            return (new InterceptorRequest(), null);
        }

        if (value is not MapValue map)
        {
            return (null, $"json: cannot unmarshal {GoJsonReader.KindName(value)} into Go value of type v1beta1.InterceptorRequest");
        }

        var request = new InterceptorRequest();
        foreach (var (key, member) in map.Entries.Where(entry => entry.Value is not NullValue))
        {
            (request, error) = Member(request, ((StringValue)key).Value.ToLowerInvariant(), member);
            if (error is not null)
            {
                return (null, error);
            }
        }

        return (request, null);
    }

    private static (InterceptorRequest Request, string? Error) Member(InterceptorRequest request, string name, CelValue value)
    {
        (InterceptorRequest, string?) Wrong(string type) =>
            (request, $"json: cannot unmarshal {GoJsonReader.KindName(value)} into Go struct field InterceptorRequest.{name} of type {type}");
        return name switch
        {
            "body" => value is StringValue text ? (request with { Body = text.Value }, null) : Wrong("string"),
            "header" => value is MapValue map ? (request with { Header = Headers(map) }, null) : Wrong("map[string][]string"),
            "extensions" => value is MapValue ? (request with { Extensions = Object(value) }, null) : Wrong("map[string]interface {}"),
            "interceptor_params" => value is MapValue ? (request with { InterceptorParams = Object(value) }, null) : Wrong("map[string]interface {}"),
            "context" => value is MapValue map ? (request with { Context = Context(map) }, null) : Wrong("v1beta1.TriggerContext"),
            _ => (request, null),
        };
    }

    private static JsonObject Object(CelValue value) => (JsonObject)JsonNode.Parse(GoJsonWriter.ToText(value).Json!)!;

    private static Dictionary<string, IReadOnlyList<string>> Headers(MapValue map) => map.Entries.ToDictionary(
        entry => ((StringValue)entry.Key).Value,
        entry => (IReadOnlyList<string>)[.. (entry.Value as ListValue)?.Items.OfType<StringValue>().Select(value => value.Value) ?? []]);

    private static TriggerContext Context(MapValue map)
    {
        string Text(string name) => map.Entries.FirstOrDefault(entry => ((StringValue)entry.Key).Value.Equals(name, StringComparison.OrdinalIgnoreCase)).Value is StringValue text
            ? text.Value : "";
        return new TriggerContext(Text("event_url"), Text("event_id"), Text("trigger_id"));
    }
}
