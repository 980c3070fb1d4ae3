using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Interceptors;

/// <summary>An answer of the interceptor service, ready to be sent.</summary>
public sealed record CoreAnswer(int Status, string ContentType, string Body);

/// <summary>
/// The interceptor service as a function: path and body in, answer out (spec: triggers.md §4.4). Listeners that are not ours reach
/// the built-in interceptors through it. As tektoncd/triggers pkg/interceptors/server.
/// </summary>
public static class CoreInterceptors
{
    /// <summary>Answers one request. The method is not looked at. An empty content type means that none is sent.</summary>
    /// <param name="path">The path of the URL, decoded, without the query.</param>
    /// <param name="byName">The interceptors that run in the process.</param>
    public static async ValueTask<CoreAnswer> HandleAsync(
        string path, ReadOnlyMemory<byte> body, Func<string, Interceptor?> byName, CancellationToken cancellationToken)
    {
        if (path == "/ready")
        {
            return new CoreAnswer(200, "", "");
        }

        var name = path.ToLowerInvariant();
        name = name.StartsWith('/') ? name[1..] : name;
        if (byName(name) is not { } interceptor)
        {
            return Refused("path did not match any interceptors");
        }

        var (request, error) = ReadRequest(body.Span);
        if (request is null)
        {
            return Refused("failed to parse body as InterceptorRequest: " + error);
        }

        var response = await interceptor(request, cancellationToken);
        return new CoreAnswer(200, "application/json", Write(response));
    }

    /// <summary>The JSON of a request, as a client sends it: empty members are left out, the context is not.</summary>
    public static string Write(InterceptorRequest request)
    {
        var wire = new JsonObject();
        if (request.Body.Length > 0)
        {
            wire["body"] = request.Body;
        }

        if (request.Header.Count > 0)
        {
            var header = new JsonObject();
            foreach (var (name, values) in request.Header.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                header[name] = new JsonArray([.. values.Select(value => (JsonNode)JsonValue.Create(value))]);
            }

            wire["header"] = header;
        }

        if (request.Extensions is { Count: > 0 } extensions)
        {
            wire["extensions"] = extensions.DeepClone();
        }

        if (request.InterceptorParams is { Count: > 0 } given)
        {
            wire["interceptor_params"] = given.DeepClone();
        }

        wire["context"] = request.Context is not { } context ? null : new JsonObject
        {
            ["event_url"] = context.EventUrl,
            ["event_id"] = context.EventId,
            ["trigger_id"] = context.TriggerId,
        };
        return GoJsonWriter.Write(wire, sortKeys: false);
    }

    /// <summary>The JSON of a response. Names inside the extensions come in their order, as from Go.</summary>
    public static string Write(InterceptorResponse response)
    {
        var text = new StringBuilder("{");
        if (response.Extensions is { Count: > 0 } extensions)
        {
            text.Append("\"extensions\":").Append(GoJsonWriter.Write(extensions)).Append(',');
        }

        text.Append("\"continue\":").Append(response.Continue ? "true" : "false").Append(",\"status\":{");
        if (response.Code != InterceptorCode.Ok)
        {
            text.Append("\"code\":").Append((int)response.Code);
        }

        if (response.Message.Length > 0)
        {
            text.Append(response.Code == InterceptorCode.Ok ? "" : ",").Append("\"message\":").Append(GoJsonWriter.Quote(response.Message));
        }

        return text.Append("}}").ToString();
    }

    /// <summary>A response from a service that is not ours. A missing <c>continue</c> counts as no.</summary>
    public static (InterceptorResponse? Response, string? Error) ReadResponse(ReadOnlySpan<byte> body)
    {
        var (wire, error) = GoJsonReader.ReadObject(body);
        if (error is null && wire.At("extensions") is { } extensions and not JsonObject)
        {
            error = $"json: cannot unmarshal {GoJsonReader.KindOf(extensions)} into Go struct field InterceptorResponse.extensions of type map[string]interface {{}}";
        }

        return error is not null ? (null, error) : (new InterceptorResponse
        {
            Continue = wire.Flag("continue"),
            Extensions = wire.Object("extensions"),
            Code = wire.At("status", "code") is JsonValue code && code.TryGetValue<double>(out var number) ? (InterceptorCode)(int)number : InterceptorCode.Ok,
            Message = wire.Text("status", "message") ?? "",
        }, null);
    }

    private static (InterceptorRequest? Request, string? Error) ReadRequest(ReadOnlySpan<byte> body)
    {
        var (node, error) = GoJsonReader.Read(body);
        if (error is not null || node is not (null or JsonObject))
        {
            return (null, error ?? $"json: cannot unmarshal {GoJsonReader.KindOf(node)} into Go value of type v1beta1.InterceptorRequest");
        }

        var members = Members(node as JsonObject);
        foreach (var (member, kind, type) in ((string, string, string)[])[
            ("body", "string", "string"), ("header", "object", "map[string][]string"), ("extensions", "object", "map[string]interface {}"),
            ("interceptor_params", "object", "map[string]interface {}"), ("context", "object", "v1beta1.TriggerContext")])
        {
            if (members.GetValueOrDefault(member) is { } value && GoJsonReader.KindOf(value) != kind)
            {
                return (null, $"json: cannot unmarshal {GoJsonReader.KindOf(value)} into Go struct field InterceptorRequest.{member} of type {type}");
            }
        }

        var context = members.GetValueOrDefault("context") is JsonObject given ? Members(given) : null;
        return (new InterceptorRequest
        {
            Body = members.GetValueOrDefault("body").Text() ?? "",
            Header = (members.GetValueOrDefault("header") as JsonObject ?? []).ToDictionary(
                pair => pair.Key, pair => (IReadOnlyList<string>)[.. (pair.Value as JsonArray ?? []).Select(value => value.Text() ?? "")]),
            Extensions = members.GetValueOrDefault("extensions") as JsonObject,
            InterceptorParams = members.GetValueOrDefault("interceptor_params") as JsonObject,
            Context = context is null ? null : new TriggerContext(
                context.GetValueOrDefault("event_url").Text() ?? "", context.GetValueOrDefault("event_id").Text() ?? "", context.GetValueOrDefault("trigger_id").Text() ?? ""),
        }, null);
    }

    /// <summary>Go matches the names of a struct's members without regard to case; the last one that is not null counts.</summary>
    private static Dictionary<string, JsonNode> Members(JsonObject? given)
    {
        var members = new Dictionary<string, JsonNode>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in given ?? [])
        {
            if (value is not null)
            {
                members[name] = value;
            }
        }

        return members;
    }

    private static CoreAnswer Refused(string message) => new(400, "text/plain; charset=utf-8", message + "\n");
}
