using System.Text.Json.Nodes;
using Hikigane.ApiServer.Registry;
using Hikigane.Resources.Json;

namespace Hikigane.Server.Webhooks;

/// <summary>One webhook of the two: its names, what it answers, and the configuration objects that send requests to it.</summary>
internal sealed record WebhookSite
{
    /// <summary>Name of Deployment and Service.</summary>
    public required string Name { get; init; }

    /// <summary>The Secret that holds its certificate.</summary>
    public required string Secret { get; init; }

    /// <summary>The configurations, without address and <c>caBundle</c>.</summary>
    public required IReadOnlyList<JsonObject> Configurations { get; init; }

    /// <summary>Group of the CRDs that it converts; null: none.</summary>
    public string? Converts { get; init; }

    public static readonly WebhookSite Triggers = new()
    {
        Name = "tekton-triggers-webhook",
        Secret = "triggers-webhook-certs",
        Configurations =
        [
            Configuration("Mutating", "webhook.triggers.tekton.dev", "/defaulting", Rules("triggers.tekton.dev"), reinvokes: true),
            Configuration("Validating", "validation.webhook.triggers.tekton.dev", "/resource-validation", Rules("triggers.tekton.dev")),
            ConfigMaps("config.webhook.triggers.tekton.dev", "namespaceSelector", new JsonObject { ["key"] = "triggers.tekton.dev/release", ["operator"] = "Exists" }),
        ],
    };

    public static readonly WebhookSite Pipelines = new()
    {
        Name = "tekton-pipelines-webhook",
        Secret = "webhook-certs",
        Configurations =
        [
            Configuration("Mutating", "webhook.pipeline.tekton.dev", "/defaulting", PipelinesRules(), reinvokes: true),
            Configuration("Validating", "validation.webhook.pipeline.tekton.dev", "/resource-validation", PipelinesRules()),
            ConfigMaps(
                "config.webhook.pipeline.tekton.dev", "objectSelector",
                new JsonObject { ["key"] = "app.kubernetes.io/part-of", ["operator"] = "In", ["values"] = new JsonArray("tekton-pipelines") }),
        ],
        Converts = "tekton.dev",
    };

    /// <summary>The names of all webhooks whose work the embedded API does itself.</summary>
    public static readonly IReadOnlySet<string> Names = new HashSet<string>
    {
        "webhook.triggers.tekton.dev", "validation.webhook.triggers.tekton.dev", "config.webhook.triggers.tekton.dev",
        "webhook.pipeline.tekton.dev", "validation.webhook.pipeline.tekton.dev", "config.webhook.pipeline.tekton.dev",
    };

    private static JsonObject Configuration(string kind, string name, string path, JsonArray rules, bool reinvokes = false)
    {
        var webhook = new JsonObject
        {
            ["name"] = name,
            ["admissionReviewVersions"] = new JsonArray("v1"),
            ["clientConfig"] = new JsonObject { ["service"] = new JsonObject { ["path"] = path } },
            ["failurePolicy"] = "Fail",
            ["sideEffects"] = "None",
            ["timeoutSeconds"] = 10,
            ["matchPolicy"] = "Equivalent",
            ["namespaceSelector"] = new JsonObject
            {
                ["matchExpressions"] = new JsonArray(new JsonObject { ["key"] = "webhooks.knative.dev/exclude", ["operator"] = "DoesNotExist" }),
            },
            ["objectSelector"] = new JsonObject(),
            ["rules"] = rules,
        };
        if (reinvokes)
        {
            webhook["reinvocationPolicy"] = "IfNeeded";
        }

        return new JsonObject
        {
            ["apiVersion"] = "admissionregistration.k8s.io/v1",
            ["kind"] = kind + "WebhookConfiguration",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["webhooks"] = new JsonArray(webhook),
        };
    }

    private static JsonObject ConfigMaps(string name, string selector, JsonObject expression)
    {
        var configuration = Configuration("Validating", name, "/config-validation", new JsonArray(Rule("", ["v1"], ["configmaps/*", "configmaps"])));
        configuration.Objects("webhooks").First()[selector] = new JsonObject { ["matchExpressions"] = new JsonArray(expression) };
        return configuration;
    }

    /// <summary>A rule for each kind and version of a group that is defined.</summary>
    private static JsonArray Rules(string group) =>
        new([.. TektonDefinitions.All.Where(definition => definition.Text("spec", "group") == group).Select(JsonNode (definition) =>
        {
            var plural = definition.Text("spec", "names", "plural")!;
            return Rule(
                group, [.. definition.Objects("spec", "versions").Select(version => version.Text("name")!)],
                [plural, plural + "/status"]);
        })]);

    private static JsonArray PipelinesRules() =>
        new([.. Rules("tekton.dev").Concat(Rules("resolution.tekton.dev")).Select(rule => rule!.DeepClone())]);

    private static JsonObject Rule(string group, string[] versions, string[] resources) => new()
    {
        ["apiGroups"] = new JsonArray(group),
        ["apiVersions"] = Texts(versions),
        ["operations"] = new JsonArray("CREATE", "UPDATE"),
        ["resources"] = Texts(resources),
        ["scope"] = "*",
    };

    private static JsonArray Texts(string[] values) => new([.. values.Select(JsonNode (value) => JsonValue.Create(value))]);
}
