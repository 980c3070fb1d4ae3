using Hikigane.ApiServer.Tables;
using Hikigane.Resources;

namespace Hikigane.ApiServer.Registry;

/// <summary>The kinds of Kubernetes that are served without a definition, in the order in which discovery lists them.</summary>
internal static class BuiltinResources
{
    private const string Reviews = "authorization.k8s.io";
    private static readonly string[] Change = ["get", "patch", "update"];

    public static readonly IReadOnlyList<ServedResource> All =
    [
        Of(new("", "v1", "bindings", "Binding"), "binding") with { Verbs = ["create"] },
        Of(Kinds.ConfigMap, "configmap", "cm"),
        Of(Kinds.Endpoints, "endpoints", "ep"),
        Of(Kinds.Event, "event", "ev"),
        Of(Kinds.LimitRange, "limitrange", "limits"),
        Of(Kinds.Namespace, "namespace", "ns") with
        {
            Verbs = ["create", "delete", "get", "list", "patch", "update", "watch"],
            Subresources = [new("finalize", "Namespace", "update"), Status("Namespace")],
        },
        WithStatus(Of(Kinds.Node, "node", "no")),
        WithStatus(Of(Kinds.PersistentVolumeClaim, "persistentvolumeclaim", "pvc")),
        WithStatus(Of(Kinds.PersistentVolume, "persistentvolume", "pv")),
        Of(Kinds.Pod, "pod", "po") with
        {
            Categories = ["all"],
            Subresources =
            [
                new("attach", "PodAttachOptions", "create", "get"), new("binding", "Binding", "create"), new("ephemeralcontainers", "Pod", Change),
                new("eviction", "policy/v1/Eviction", "create"), new("exec", "PodExecOptions", "create", "get"), new("log", "Pod", "get"),
                new("portforward", "PodPortForwardOptions", "create", "get"), Status("Pod"),
            ],
        },
        WithStatus(Of(new("", "v1", "resourcequotas", "ResourceQuota"), "resourcequota", "quota")),
        Of(Kinds.Secret, "secret"),
        Of(Kinds.ServiceAccount, "serviceaccount", "sa") with { Subresources = [new("token", "authentication.k8s.io/v1/TokenRequest", "create")] },
        WithStatus(Of(Kinds.Service, "service", "svc")) with { Categories = ["all"] },
        WithScale(Of(Kinds.Deployment, "deployment", "deploy")),
        WithScale(Of(Kinds.ReplicaSet, "replicaset", "rs")),
        WithScale(Of(Kinds.StatefulSet, "statefulset", "sts")),
        Of(new("events.k8s.io", "v1", "events", "Event"), "event", "ev"),
        Virtual("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
        Virtual("authentication.k8s.io", "tokenreviews", "TokenReview"),
        Virtual(Reviews, "localsubjectaccessreviews", "LocalSubjectAccessReview") with { Type = new(Reviews, "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview") },
        Virtual(Reviews, "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        Virtual(Reviews, "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
        Virtual(Reviews, "subjectaccessreviews", "SubjectAccessReview"),
        Of(Kinds.ClusterRoleBinding, "clusterrolebinding"),
        Of(Kinds.ClusterRole, "clusterrole"),
        Of(Kinds.RoleBinding, "rolebinding"),
        Of(Kinds.Role, "role"),
        Of(Kinds.StorageClass, "storageclass", "sc"),
        Of(Kinds.Lease, "lease"),
        Of(Kinds.EndpointSlice, "endpointslice"),
        Of(Kinds.MutatingWebhookConfiguration, "mutatingwebhookconfiguration"),
        Of(Kinds.ValidatingWebhookConfiguration, "validatingwebhookconfiguration"),
        WithStatus(Of(Kinds.CustomResourceDefinition, "customresourcedefinition", "crd", "crds")) with { Categories = ["api-extensions"] },
    ];

    private static ServedResource Of(ResourceType type, string singular, params string[] shortNames) => new()
    {
        Type = type,
        Singular = singular,
        ShortNames = shortNames,
        StorageVersion = type.Version,
        Columns = BuiltinColumns.Of(type.GroupResource),
    };

    private static Subresource Status(string kind) => new("status", kind, Change);

    private static ServedResource WithStatus(ServedResource resource) => resource with { Subresources = [Status(resource.Type.Kind)] };

    private static ServedResource WithScale(ServedResource resource) => resource with
    {
        Categories = ["all"],
        Subresources = [new Subresource("scale", "autoscaling/v1/Scale", Change), Status(resource.Type.Kind)],
    };

    private static ServedResource Virtual(string group, string plural, string kind) =>
        Of(new(group, "v1", plural, kind, IsNamespaced: false), kind.ToLowerInvariant()) with { Verbs = ["create"] };
}
