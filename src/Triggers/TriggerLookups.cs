using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Triggers;

/// <summary>
/// The objects that exist, as the flow asks for them. The listener answers from its caches; the objects are shared and are never
/// changed here.
/// </summary>
public sealed record TriggerLookups
{
    /// <summary>A Trigger by namespace and name.</summary>
    public required Func<string, string, JsonObject?> Trigger { get; init; }

    /// <summary>All Triggers of a namespace in the order of their names; of every namespace when null.</summary>
    public required Func<string?, IEnumerable<JsonObject>> Triggers { get; init; }

    public required Func<string, string, JsonObject?> Binding { get; init; }

    public required Func<string, JsonObject?> ClusterBinding { get; init; }

    public required Func<string, string, JsonObject?> Template { get; init; }

    public required Func<string, JsonObject?> ClusterInterceptor { get; init; }

    /// <summary>An Interceptor by namespace and name.</summary>
    public required Func<string, string, JsonObject?> NamespacedInterceptor { get; init; }

    /// <summary>Lookups over objects at hand: manifests of files, or what a client listed. Of two with one name the later counts.</summary>
    public static TriggerLookups Of(IEnumerable<JsonObject> manifests)
    {
        var byKey = new Dictionary<(string Kind, string Namespace, string Name), JsonObject>();
        foreach (var manifest in manifests)
        {
            byKey[(manifest.Text("kind") ?? "", manifest.Namespace(), manifest.Name())] = manifest;
        }

        return new TriggerLookups
        {
            Trigger = (ns, name) => byKey.GetValueOrDefault(("Trigger", ns, name)),
            Triggers = ns => byKey.Where(pair => pair.Key.Kind == "Trigger" && (ns is null || pair.Key.Namespace == ns))
                .OrderBy(pair => $"{pair.Key.Namespace}/{pair.Key.Name}", StringComparer.Ordinal).Select(pair => pair.Value),
            Binding = (ns, name) => byKey.GetValueOrDefault(("TriggerBinding", ns, name)),
            ClusterBinding = name => byKey.GetValueOrDefault(("ClusterTriggerBinding", "", name)),
            Template = (ns, name) => byKey.GetValueOrDefault(("TriggerTemplate", ns, name)),
            ClusterInterceptor = name => byKey.GetValueOrDefault(("ClusterInterceptor", "", name)),
            NamespacedInterceptor = (ns, name) => byKey.GetValueOrDefault(("Interceptor", ns, name)),
        };
    }
}

/// <summary>The ways out of the process that a chain may take. The server supplies them.</summary>
public sealed record InterceptorPorts
{
    /// <summary>The interceptors that run in the process, by name: cel, github, gitlab, bitbucket, slack.</summary>
    public required Func<string, Interceptor?> BuiltIn { get; init; }

    /// <summary>Asks an interceptor service.</summary>
    public required RemoteInterceptor Remote { get; init; }

    /// <summary>Asks an old-style webhook interceptor.</summary>
    public required WebhookInterceptor Webhook { get; init; }
}

/// <summary>
/// Posts the request as JSON to an address and reads the answer. Throws <see cref="InterceptorException"/> with upstream's text
/// when there is no answer, when it is not 200, or when it is not an InterceptorResponse.
/// </summary>
public delegate ValueTask<InterceptorResponse> RemoteInterceptor(InterceptorAddress address, InterceptorRequest request, CancellationToken cancellationToken);

/// <summary>Posts a payload to an old-style webhook. Throws <see cref="InterceptorException"/> when it does not answer with 200.</summary>
public delegate ValueTask<WebhookAnswer> WebhookInterceptor(WebhookCall call, CancellationToken cancellationToken);

/// <summary>A call of an old-style webhook: always a POST, five seconds, headers as given.</summary>
public sealed record WebhookCall(string Url, IReadOnlyDictionary<string, IReadOnlyList<string>> Headers, string Body);

/// <summary>What the webhook made of the event: body and headers replace the event's own.</summary>
public sealed record WebhookAnswer(string Body, IReadOnlyDictionary<string, IReadOnlyList<string>> Headers);

/// <summary>An interceptor could not be asked, or its answer could not be used.</summary>
public sealed class InterceptorException(string message) : Exception(message);
