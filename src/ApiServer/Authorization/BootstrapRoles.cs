using System.Text.Json.Nodes;

namespace Hikigane.ApiServer.Authorization;

/// <summary>
/// The ClusterRoles and bindings that a cluster starts with and that people refer to. As kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy,
/// without the roles of Kubernetes' own controllers.
/// </summary>
public static class BootstrapRoles
{
    private const string ApiVersion = "rbac.authorization.k8s.io/v1";
    private static readonly string[] Read = ["get", "list", "watch"];
    private static readonly string[] Write = ["create", "delete", "deletecollection", "patch", "update"];
    private static readonly string[] Health = ["/healthz", "/livez", "/readyz", "/version", "/version/"];

    private static readonly string[] Viewed =
    [
        "configmaps", "endpoints", "events", "limitranges", "namespaces", "namespaces/status", "persistentvolumeclaims",
        "persistentvolumeclaims/status", "pods", "pods/log", "pods/status", "resourcequotas", "resourcequotas/status", "serviceaccounts", "services", "services/status",
    ];

    private static readonly string[] Edited = ["configmaps", "events", "persistentvolumeclaims", "pods", "secrets", "serviceaccounts", "services"];
    private static readonly string[] Apps = ["deployments", "deployments/scale", "deployments/status", "replicasets", "replicasets/scale", "replicasets/status", "statefulsets", "statefulsets/scale", "statefulsets/status"];
    private static readonly string[] TektonGroups = ["tekton.dev", "triggers.tekton.dev", "resolution.tekton.dev"];

    /// <summary>The objects to create when they are missing; new at each call.</summary>
    public static IEnumerable<JsonObject> Objects() =>
    [
        Role("cluster-admin", null, Rule(["*"], ["*"], ["*"]), Paths(["*"], ["*"])),
        Aggregated("admin", "admin"),
        Aggregated("edit", "edit", "admin"),
        Aggregated("view", "view", "edit"),
        Role("system:aggregate-to-view", "view", Rule(Read, [""], Viewed), Rule(Read, ["apps"], Apps), Rule(Read, ["discovery.k8s.io"], ["endpointslices"])),
        Role(
            "system:aggregate-to-edit", "edit", Rule(Read, [""], ["secrets", "pods/attach", "pods/exec", "pods/portforward"]), Rule(Write, [""], Edited),
            Rule(["create"], [""], ["pods/attach", "pods/exec", "pods/portforward", "pods/eviction", "serviceaccounts/token"]),
            Rule(["impersonate"], [""], ["serviceaccounts"]), Rule(Write, ["apps"], Apps), Rule([.. Write, .. Read], ["coordination.k8s.io"], ["leases"])),
        Role(
            "system:aggregate-to-admin", "admin", Rule(["create"], ["authorization.k8s.io"], ["localsubjectaccessreviews"]),
            Rule([.. Write, .. Read], ["rbac.authorization.k8s.io"], ["rolebindings", "roles"])),
        Role("tekton-aggregate-edit", "edit", Rule([.. Write, .. Read], TektonGroups, ["*"])),
        Role("tekton-aggregate-view", "view", Rule(Read, TektonGroups, ["*"])),
        Role("system:discovery", null, Paths(["get"], ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", .. Health])),
        Role("system:public-info-viewer", null, Paths(["get"], Health)),
        Role(
            "system:basic-user", null, Rule(["create"], ["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
            Rule(["create"], ["authentication.k8s.io"], ["selfsubjectreviews"])),
        Role(
            "system:service-account-issuer-discovery", null,
            Paths(["get"], ["/.well-known/openid-configuration", "/.well-known/openid-configuration/", "/openid/v1/jwks", "/openid/v1/jwks/"])),
        Role("system:auth-delegator", null, Rule(["create"], ["authentication.k8s.io"], ["tokenreviews"]), Rule(["create"], ["authorization.k8s.io"], ["subjectaccessreviews"])),
        Binding("cluster-admin", "system:masters"),
        Binding("system:discovery", "system:authenticated"),
        Binding("system:basic-user", "system:authenticated"),
        Binding("system:public-info-viewer", "system:authenticated", "system:unauthenticated"),
        Binding("system:service-account-issuer-discovery", "system:serviceaccounts"),
    ];

    private static JsonObject Role(string name, string? aggregatesTo, params JsonObject[] rules)
    {
        var labels = new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" };
        if (aggregatesTo is not null)
        {
            labels[$"rbac.authorization.k8s.io/aggregate-to-{aggregatesTo}"] = "true";
        }

        return new JsonObject
        {
            ["apiVersion"] = ApiVersion,
            ["kind"] = "ClusterRole",
            ["metadata"] = Metadata(name, labels),
            ["rules"] = new JsonArray([.. rules]),
        };
    }

    private static JsonObject Aggregated(string name, string collects, string? aggregatesTo = null)
    {
        var role = Role(name, aggregatesTo);
        role["aggregationRule"] = new JsonObject
        {
            ["clusterRoleSelectors"] = new JsonArray(new JsonObject
            {
                ["matchLabels"] = new JsonObject { [$"rbac.authorization.k8s.io/aggregate-to-{collects}"] = "true" },
            }),
        };
        return role;
    }

    private static JsonObject Binding(string role, params string[] groups) => new()
    {
        ["apiVersion"] = ApiVersion,
        ["kind"] = "ClusterRoleBinding",
        ["metadata"] = Metadata(role, new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" }),
        ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = role },
        ["subjects"] = new JsonArray([.. groups.Select(group => (JsonNode)new JsonObject
        {
            ["apiGroup"] = "rbac.authorization.k8s.io",
            ["kind"] = "Group",
            ["name"] = group,
        })]),
    };

    private static JsonObject Metadata(string name, JsonObject labels) => new()
    {
        ["name"] = name,
        ["labels"] = labels,
        ["annotations"] = new JsonObject { ["rbac.authorization.kubernetes.io/autoupdate"] = "true" },
    };

    private static JsonObject Rule(string[] verbs, string[] groups, string[] resources) => new()
    {
        ["apiGroups"] = Strings(groups),
        ["resources"] = Strings(resources),
        ["verbs"] = Strings(verbs),
    };

    private static JsonObject Paths(string[] verbs, string[] paths) => new() { ["nonResourceURLs"] = Strings(paths), ["verbs"] = Strings(verbs) };

    private static JsonArray Strings(string[] values) => new([.. values.Select(value => (JsonNode)value)]);
}
