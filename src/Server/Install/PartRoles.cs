using System.Text.Json.Nodes;
using Hikigane.Resources;

namespace Hikigane.Server.Install;

/// <summary>What each part may do: a ServiceAccount, a ClusterRole, a Role in its own namespace, and the bindings. As config/200-* and 201-* upstream.</summary>
internal static class PartRoles
{
    private static readonly string[] Everything = ["get", "list", "create", "update", "delete", "patch", "watch"];
    private static readonly string[] Read = ["get", "list", "watch"];
    private static readonly string[] Keep = ["get", "list", "watch", "create", "update", "patch"];

    /// <summary>Role objects and bindings of all parts, in the order in which they can be created.</summary>
    public static IEnumerable<(ResourceType Type, JsonObject Manifest)> Manifests(string ns)
    {
        foreach (var part in HostedParts.Names)
        {
            yield return (Kinds.ServiceAccount, Named("v1", "ServiceAccount", part, ns));
            yield return (Kinds.ClusterRole, Role("ClusterRole", part, null, ClusterRules(part)));
            yield return (Kinds.ClusterRoleBinding, Binding("ClusterRoleBinding", "ClusterRole", part, ns, null));
            yield return (Kinds.Role, Role("Role", part, ns, OwnRules(part)));
            yield return (Kinds.RoleBinding, Binding("RoleBinding", "Role", part, ns, ns));
        }
    }

    private static JsonArray ClusterRules(string part) => part switch
    {
        HostedParts.TriggersController => new JsonArray(
            Rule([""], ["configmaps", "services", "events"], Everything),
            Rule(["apps"], ["deployments", "deployments/finalizers"], Everything),
            Rule(["triggers.tekton.dev"], ["*"], Everything),
            Rule(["serving.knative.dev"], ["*", "*/status", "*/finalizers"], Everything)),
        HostedParts.PipelinesController => new JsonArray(
            Rule([""], ["pods", "persistentvolumeclaims", "events"], Everything),
            Rule([""], ["pods/log", "namespaces"], Read),
            Rule([""], ["configmaps", "limitranges", "secrets", "serviceaccounts"], Read),
            Rule(["apps"], ["statefulsets"], Everything),
            Rule(["tekton.dev"], ["*"], Everything),
            Rule(["resolution.tekton.dev"], ["resolutionrequests", "resolutionrequests/status"], Everything)),
        HostedParts.CoreInterceptors => new JsonArray(
            Rule([""], ["secrets"], Read),
            Rule(["triggers.tekton.dev"], ["clusterinterceptors"], ["get", "list", "watch", "update"])),
        _ => new JsonArray(
            Rule(["admissionregistration.k8s.io"], ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"], Keep),
            Rule(["apiextensions.k8s.io"], ["customresourcedefinitions"], Keep)),
    };

    private static JsonArray OwnRules(string part) => part switch
    {
        HostedParts.TriggersController or HostedParts.PipelinesController => new JsonArray(
            Rule([""], ["configmaps"], Read), Rule(["coordination.k8s.io"], ["leases"], Everything)),
        _ => new JsonArray(Rule([""], ["configmaps"], Read), Rule([""], ["secrets"], Keep)),
    };

    private static JsonObject Role(string kind, string part, string? ns, JsonArray rules)
    {
        var role = Named("rbac.authorization.k8s.io/v1", kind, part, ns);
        role["rules"] = rules;
        return role;
    }

    private static JsonObject Binding(string kind, string roleKind, string part, string accountNamespace, string? ns)
    {
        var binding = Named("rbac.authorization.k8s.io/v1", kind, part, ns);
        binding["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = roleKind, ["name"] = part };
        binding["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = part, ["namespace"] = accountNamespace });
        return binding;
    }

    private static JsonObject Named(string apiVersion, string kind, string name, string? ns)
    {
        var metadata = new JsonObject { ["name"] = name };
        if (ns is not null)
        {
            metadata["namespace"] = ns;
        }

        metadata["labels"] = new JsonObject { ["app.kubernetes.io/part-of"] = "tekton-" + name.Split('-')[1] };
        return new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = metadata };
    }

    private static JsonObject Rule(string[] groups, string[] resources, string[] verbs) => new()
    {
        ["apiGroups"] = Texts(groups),
        ["resources"] = Texts(resources),
        ["verbs"] = Texts(verbs),
    };

    private static JsonArray Texts(string[] values) => new([.. values.Select(JsonNode (value) => JsonValue.Create(value))]);
}
