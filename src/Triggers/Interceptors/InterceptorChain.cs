using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Interceptors;

/// <summary>What a chain works on: the event as it stands after the links so far.</summary>
public sealed record ChainState
{
    public required string Body { get; init; }

    /// <summary>The form that <see cref="Body"/> was made of; null when it was none.</summary>
    public string? FormText { get; init; }

    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Headers { get; init; }

    public JsonObject? Extensions { get; init; }

    /// <summary>What was read from the event; shared by the triggers that it goes to.</summary>
    public EventReading Reading { get; init; } = new();
}

/// <summary>How a chain ended. <see cref="Stopped"/> is the link that said no; <see cref="Error"/> says that a link could not be asked.</summary>
public sealed record ChainResult(ChainState State, IReadOnlyList<StageVerdict> Stages)
{
    public InterceptorResponse? Stopped { get; init; }

    public string? Error { get; init; }

    /// <summary>The link that ended the chain.</summary>
    public string Link { get; init; } = "";

    public bool IsPassed => Stopped is null && Error is null;
}

/// <summary>Runs the interceptors of a trigger or a group, one after the other (spec: triggers.md §4.2). As upstream's <c>ExecuteInterceptors</c>.</summary>
public sealed class InterceptorChain(TriggerLookups lookups, InterceptorPorts ports)
{
    /// <summary>The clock that stages are timed by; null: they are not.</summary>
    public Func<DateTimeOffset>? Now { get; init; }

    private static readonly ConditionalWeakTable<JsonObject, JsonObject> ParamsByLink = [];

    /// <param name="links">The elements of <c>interceptors</c>.</param>
    /// <param name="state">The event.</param>
    /// <param name="context">Which trigger or group of which event.</param>
    /// <param name="namespaces">Where NamespacedInterceptors and webhook services are looked up.</param>
    public async ValueTask<ChainResult> RunAsync(
        IReadOnlyList<JsonObject> links, ChainState state, TriggerContext context, ChainNamespaces namespaces, CancellationToken cancellationToken)
    {
        var stages = new List<StageVerdict>(links.Count);
        var lap = new StageLap(Now);
        if (links.Count > 0 && (links[0].Object("webhook") is null || state.Extensions is { Count: > 0 }))
        {
            var json = FormBody.ToJson(state.Body, state.Headers);
            state = state with { Body = json, FormText = ReferenceEquals(json, state.Body) ? null : state.Body };
        }

        for (var i = 0; i < links.Count; i++)
        {
            var link = links[i];
            var name = NameOf(link);
            try
            {
                if (link.Object("webhook") is { } webhook)
                {
                    var replaced = await AskWebhookAsync(webhook, state, context, namespaces.Trigger, cancellationToken);
                    stages.Add(Stage(namespaces.StageKind, name, StageResult.Pass) with { DurationMs = lap.Next(), Change = StageChanges.Replaced(state, replaced) });
                    state = replaced;
                    continue;
                }

                var response = await AskAsync(link, state, context, namespaces.Listener, cancellationToken);
                var extensions = response.Continue ? Merge(state.Extensions, response.Extensions) : state.Extensions;
                stages.Add(Stage(namespaces.StageKind, name, response.Continue ? StageResult.Pass : StageResult.Stop) with
                {
                    Message = response.Message,
                    Expressions = response.Expressions,
                    DurationMs = lap.Next(),
                    Code = response.Code == InterceptorCode.Ok ? null : response.Code.ToString(),
                    Change = ReferenceEquals(extensions, state.Extensions) ? null : StageChanges.Extended(state.Extensions, response.Extensions!, extensions),
                });
                if (!response.Continue)
                {
                    AddNotReached(stages, links, i + 1, namespaces.StageKind);
                    return new ChainResult(state, stages) { Stopped = response, Link = name };
                }

                state = ReferenceEquals(extensions, state.Extensions) ? state : state with { Extensions = extensions };
            }
            catch (InterceptorException exception)
            {
                stages.Add(Stage(namespaces.StageKind, name, StageResult.Error) with { Message = exception.Message, DurationMs = lap.Next() });
                AddNotReached(stages, links, i + 1, namespaces.StageKind);
                return new ChainResult(state, stages) { Error = exception.Message, Link = name };
            }
        }

        return new ChainResult(state, stages);
    }

    private ValueTask<InterceptorResponse> AskAsync(
        JsonObject link, ChainState state, TriggerContext context, string listenerNamespace, CancellationToken cancellationToken)
    {
        var name = link.Text("ref", "name") ?? "";
        var request = new InterceptorRequest
        {
            Body = state.Body,
            FormText = state.FormText,
            Header = state.Headers,
            Extensions = state.Extensions,
            InterceptorParams = ParamsByLink.GetValue(link, Params),
            Context = context,
            Reading = state.Reading,
        };
        var kind = link.Text("ref", "kind") ?? "ClusterInterceptor";
        var target = kind switch
        {
            "ClusterInterceptor" => lookups.ClusterInterceptor(name),
            "NamespacedInterceptor" => lookups.NamespacedInterceptor(listenerNamespace, name),
            _ => throw new InterceptorException("Post \"\": unsupported protocol scheme \"\""),
        };
        if (target is null)
        {
            var resource = kind == "ClusterInterceptor" ? "clusterinterceptor" : "interceptor";
            throw new InterceptorException($"url resolution failed for interceptor {name} with: {resource}.triggers.tekton.dev \"{name}\" not found");
        }

        if (kind == "ClusterInterceptor" && InterceptorAddress.IsCore(target) && ports.BuiltIn(name) is { } builtIn)
        {
            return builtIn(request, cancellationToken);
        }

        var (address, error) = InterceptorAddress.Of(target);
        return address is not null
            ? ports.Remote(address, request, cancellationToken)
            : throw new InterceptorException($"url resolution failed for interceptor {name} with: {error}");
    }

    private async ValueTask<ChainState> AskWebhookAsync(
        JsonObject webhook, ChainState state, TriggerContext context, string ns, CancellationToken cancellationToken)
    {
        var target = webhook.Object("objectRef");
        var url = webhook.Text("url") is { Length: > 0 } given ? given
            : $"http://{target.Text("name")}.{(target.Text("namespace") is { Length: > 0 } own ? own : ns)}.svc/";
        var headers = state.Headers.ToDictionary(pair => pair.Key, pair => pair.Value);
        headers["Eventlistener-Request-Url"] = [context.EventUrl];
        foreach (var header in webhook.Objects("header"))
        {
            headers[EventHeaders.Canonical(header.Text("name") ?? "")] = header["value"] is JsonArray values
                ? [.. values.Select(value => value.Text() ?? "")]
                : [header.Text("value") ?? ""];
        }

        var answer = await ports.Webhook(new WebhookCall(url, headers, WithExtensions(state)), cancellationToken);
        return state with { Body = answer.Body, FormText = null, Headers = answer.Headers };
    }

    /// <summary>The body with the extensions at <c>extensions</c>, which is where an old-style webhook finds them.</summary>
    private static string WithExtensions(ChainState state)
    {
        if (state.Extensions is not { Count: > 0 } extensions)
        {
            return state.Body;
        }

        // Upstream edits the body as text: what is no JSON at all is replaced, what is JSON but no object is an error.
        var (node, error) = GoJsonReader.Read(System.Text.Encoding.UTF8.GetBytes(state.Body), GoNumbers.Kubernetes);
        if (error is null && node is not (null or JsonObject))
        {
            throw new InterceptorException(
                "could not merge extensions with body: failed to sjson extensions to body: cannot set array element for non-numeric key 'extensions'");
        }

        var body = node as JsonObject ?? [];
        foreach (var (key, value) in extensions)
        {
            // The key is a path of the library that upstream edits JSON text with: dots nest, and pattern characters do nothing.
            if (key.Length > 0 && key.AsSpan().IndexOfAny("*?|#@") < 0)
            {
                var path = key.Split('.');
                body.Ensure(["extensions", .. path[..^1]])[path[^1]] = value?.DeepClone();
            }
        }

        return GoJsonWriter.Write(body, escapeHtml: false, sortKeys: false);
    }

    private static JsonObject Params(JsonObject link)
    {
        var values = new JsonObject();
        foreach (var param in link.Objects("params"))
        {
            values[param.Text("name") ?? ""] = param["value"]?.DeepClone();
        }

        return values;
    }

    private static JsonObject? Merge(JsonObject? running, JsonObject? added)
    {
        if (added is null or { Count: 0 })
        {
            return running;
        }

        var merged = running?.Copy() ?? [];
        foreach (var (key, value) in added)
        {
            merged[key] = value?.DeepClone();
        }

        return merged;
    }

    private static void AddNotReached(List<StageVerdict> stages, IReadOnlyList<JsonObject> links, int from, string kind)
    {
        foreach (var link in links.Skip(from))
        {
            stages.Add(Stage(kind, NameOf(link), StageResult.NotReached));
        }
    }

    private static string NameOf(JsonObject link) =>
        link.Text("ref", "name") is { Length: > 0 } name ? name : link.Text("name") ?? (link.Object("webhook") is null ? "" : "webhook");

    private static StageVerdict Stage(string kind, string name, StageResult result) => new() { Kind = kind, Name = name, Result = result };
}

/// <summary>Which namespaces the names in a chain belong to, and whether it is a group's.</summary>
public sealed record ChainNamespaces(string Listener, string Trigger, bool IsGroup = false)
{
    internal string StageKind => IsGroup ? "groupInterceptor" : "interceptor";
}
