using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Server.Controllers;

namespace Hikigane.Server.Install;

/// <summary>
/// What installing Tekton Triggers puts into a cluster: the shipped ClusterInterceptors, ConfigMaps, and the roles that users bind.
/// As config/ of tektoncd/triggers.
/// </summary>
public static class TriggersInstall
{
    private static readonly string[] AllKinds =
        ["clustertriggerbindings", "clusterinterceptors", "interceptors", "eventlisteners", "triggers", "triggerbindings", "triggertemplates"];

    /// <summary>All manifests, in the order in which they can be created.</summary>
    public static IEnumerable<JsonObject> Manifests() => [.. ConfigMaps(), .. Roles(), .. Interceptors()];

    private static JsonObject Labels() => new()
    {
        ["app.kubernetes.io/instance"] = "default",
        ["app.kubernetes.io/part-of"] = "tekton-triggers",
        ["triggers.tekton.dev/release"] = "devel",
        ["version"] = "devel",
    };

    private static IEnumerable<JsonObject> ConfigMaps() =>
    [
        ConfigMap("config-defaults-triggers", new JsonObject
        {
            ["default-service-account"] = "default",
            ["default-run-as-user"] = "65532",
            ["default-run-as-group"] = "65532",
            ["default-fs-group"] = "65532",
            ["default-run-as-non-root"] = "true",
        }),
        ConfigMap("feature-flags-triggers", new JsonObject { ["enable-api-fields"] = "stable", ["labels-exclusion-pattern"] = "" }),
        ConfigMap("config-logging-triggers", new JsonObject
        {
            ["zap-logger-config"] = """
                {
                  "level": "info",
                  "development": false,
                  "disableStacktrace": true,
                  "sampling": {
                    "initial": 100,
                    "thereafter": 100
                  },
                  "outputPaths": ["stdout"],
                  "errorOutputPaths": ["stderr"],
                  "encoding": "json",
                  "encoderConfig": {
                    "timeKey": "timestamp",
                    "levelKey": "severity",
                    "nameKey": "logger",
                    "callerKey": "caller",
                    "messageKey": "message",
                    "stacktraceKey": "stacktrace",
                    "lineEnding": "",
                    "levelEncoder": "",
                    "timeEncoder": "iso8601",
                    "durationEncoder": "",
                    "callerEncoder": ""
                  }
                }
                """,
            ["loglevel.controller"] = "info",
            ["loglevel.webhook"] = "info",
            ["loglevel.eventlistener"] = "info",
        }),
        ConfigMap("config-observability-triggers", new JsonObject { ["metrics-protocol"] = "prometheus" }),
        ConfigMap("triggers-info", new JsonObject { ["version"] = "v0.37.0" }),
    ];

    private static JsonObject ConfigMap(string name, JsonObject content) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = EventListenerController.SystemNamespace, ["labels"] = Labels() },
        ["data"] = content,
    };

    private static IEnumerable<JsonObject> Interceptors() =>
        ((string[])["bitbucket", "cel", "github", "gitlab", "slack"]).Select(name => new JsonObject
        {
            ["apiVersion"] = Kinds.ClusterInterceptor.ApiVersion,
            ["kind"] = "ClusterInterceptor",
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["server/type"] = "https" } },
            ["spec"] = new JsonObject
            {
                ["clientConfig"] = new JsonObject
                {
                    ["service"] = new JsonObject
                    {
                        ["name"] = "tekton-triggers-core-interceptors",
                        ["namespace"] = EventListenerController.SystemNamespace,
                        ["path"] = name,
                        ["port"] = 8443,
                    },
                },
            },
        });

    private static IEnumerable<JsonObject> Roles() =>
    [
        Role("tekton-triggers-eventlistener-roles", null,
            Rule(["triggers.tekton.dev"], ["eventlisteners", "triggerbindings", "interceptors", "triggertemplates", "triggers"], ["get", "list", "watch"]),
            Rule([""], ["configmaps"], ["get", "list", "watch"]),
            Rule(["tekton.dev"], ["pipelineruns", "pipelineresources", "taskruns"], ["create"]),
            Rule([""], ["serviceaccounts"], ["impersonate"]),
            Rule([""], ["events"], ["create", "patch"])),
        Role("tekton-triggers-eventlistener-clusterroles", null,
            Rule(["triggers.tekton.dev"], ["clustertriggerbindings", "clusterinterceptors"], ["get", "list", "watch"]),
            Rule([""], ["secrets"], ["get", "list", "watch"])),
        Role("tekton-triggers-aggregate-edit", ["edit", "admin"],
            Rule(["triggers.tekton.dev"], AllKinds, ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"])),
        Role("tekton-triggers-aggregate-view", ["view"],
            Rule(["triggers.tekton.dev"], AllKinds, ["get", "list", "watch"])),
    ];

    private static JsonObject Role(string name, string[]? aggregatesTo, params JsonNode[] rules)
    {
        var labels = Labels();
        foreach (var role in aggregatesTo ?? [])
        {
            labels[$"rbac.authorization.k8s.io/aggregate-to-{role}"] = "true";
        }

        return new JsonObject
        {
            ["apiVersion"] = "rbac.authorization.k8s.io/v1",
            ["kind"] = "ClusterRole",
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = labels },
            ["rules"] = new JsonArray(rules),
        };
    }

    private static JsonObject Rule(string[] groups, string[] resources, string[] verbs) => new()
    {
        ["apiGroups"] = Texts(groups),
        ["resources"] = Texts(resources),
        ["verbs"] = Texts(verbs),
    };

    private static JsonArray Texts(string[] values) => new([.. values.Select(JsonNode (value) => JsonValue.Create(value))]);
}
