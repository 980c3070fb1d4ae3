using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Admission;

/// <summary>One webhook of a configuration object, with Kubernetes' defaults filled in.</summary>
internal sealed record Webhook
{
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(30);

    public required string Configuration { get; init; }

    public required string Name { get; init; }

    public required IReadOnlyList<JsonObject> Rules { get; init; }

    public required JsonObject Client { get; init; }

    public required JsonObject NamespaceSelector { get; init; }

    public required JsonObject ObjectSelector { get; init; }

    public required IReadOnlyList<JsonObject> MatchConditions { get; init; }

    /// <summary>Whether a failure to call lets the write through.</summary>
    public bool IgnoresFailure { get; init; }

    /// <summary>Whether a rule for one version also means the object's other versions.</summary>
    public bool IsEquivalent { get; init; }

    public bool IsReinvoked { get; init; }

    public TimeSpan Timeout { get; init; }

    /// <summary>The webhooks of a MutatingWebhookConfiguration or ValidatingWebhookConfiguration, in order.</summary>
    public static IEnumerable<Webhook> Of(JsonObject configuration) => configuration.Objects("webhooks").Select(webhook => new Webhook
    {
        Configuration = configuration.Name(),
        Name = webhook.Text("name") ?? "",
        Rules = [.. webhook.Objects("rules")],
        Client = webhook.Object("clientConfig") ?? [],
        NamespaceSelector = webhook.Object("namespaceSelector") ?? [],
        ObjectSelector = webhook.Object("objectSelector") ?? [],
        MatchConditions = [.. webhook.Objects("matchConditions")],
        IgnoresFailure = webhook.Text("failurePolicy") == "Ignore",
        IsEquivalent = webhook.Text("matchPolicy") != "Exact",
        IsReinvoked = webhook.Text("reinvocationPolicy") == "IfNeeded",
        Timeout = TimeSpan.FromSeconds(Math.Clamp(webhook.Integer("timeoutSeconds") ?? 10, 1, (long)LongestTimeout.TotalSeconds)),
    });

    /// <summary>
    /// The version that the webhook wants an object in: the request's own where a rule names it, else, for an equivalent match, another served one.
    /// Null: the webhook does not want it.
    /// </summary>
    public ResourceType? Wants(AdmissionRequest request)
    {
        var type = request.Target.Type;
        return Rules.Any(rule => Names(rule, request, type)) ? type
            : IsEquivalent ? request.Target.Kind.Versions.FirstOrDefault(version => version != type && Rules.Any(rule => Names(rule, request, version)))
            : null;
    }

    private static bool Names(JsonObject rule, AdmissionRequest request, ResourceType type) =>
        Has(rule, "apiGroups", type.Group) && Has(rule, "apiVersions", type.Version) && Has(rule, "operations", request.Operation)
        && HasResource(rule, type.Plural, request.Target.Subresource)
        && rule.Text("scope") switch
        {
            "Namespaced" => type.IsNamespaced,
            "Cluster" => !type.IsNamespaced,
            _ => true,
        };

    private static bool Has(JsonObject rule, string list, string value) => rule.Items(list).Any(item => item.Text() is { } text && (text == "*" || text == value));

    /// <summary><c>pods</c>, <c>pods/exec</c>, <c>pods/*</c>, <c>*</c> (no subresources), <c>*/status</c>, <c>*/*</c>.</summary>
    private static bool HasResource(JsonObject rule, string plural, string? subresource) => rule.Items("resources").Any(item =>
    {
        var parts = (item.Text() ?? "").Split('/', 2);
        var isSubresource = parts.Length == 1 ? subresource is null : parts[1] == "*" || parts[1] == (subresource ?? "");
        return (parts[0] == "*" || parts[0] == plural) && isSubresource;
    });
}
