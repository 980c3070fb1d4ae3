namespace Hikigane.Resources;

/// <summary>Where a kind lives: its group, version, plural and scope. One per served version.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">Version, such as <c>v1beta1</c>.</param>
/// <param name="Plural">Plural name as it stands in URLs.</param>
/// <param name="Kind">Kind as it stands in manifests.</param>
/// <param name="IsNamespaced">Whether objects live in a namespace.</param>
public sealed record ResourceType(string Group, string Version, string Plural, string Kind, bool IsNamespaced = true)
{
    /// <summary><c>apiVersion</c> of manifests: <c>v1</c>, <c>tekton.dev/v1</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary><c>plural.group</c>, as kubectl and RBAC messages print it; the plural alone in the core group.</summary>
    public string GroupResource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>URL path of the collection, without a leading host: <c>/apis/tekton.dev/v1/namespaces/ns/taskruns</c>.</summary>
    public string Path(string? ns, string? name = null, string? subresource = null)
    {
        var root = Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";
        var collection = IsNamespaced && !string.IsNullOrEmpty(ns) ? $"{root}/namespaces/{ns}/{Plural}" : $"{root}/{Plural}";
        return (name, subresource) switch
        {
            (null, _) => collection,
            (_, null) => $"{collection}/{name}",
            _ => $"{collection}/{name}/{subresource}",
        };
    }
}

/// <summary>The kinds that the code names. What the API server serves is its own registry, built on these.</summary>
public static class Kinds
{
    public static readonly ResourceType Namespace = new("", "v1", "namespaces", "Namespace", IsNamespaced: false);
    public static readonly ResourceType Node = new("", "v1", "nodes", "Node", IsNamespaced: false);
    public static readonly ResourceType PersistentVolume = new("", "v1", "persistentvolumes", "PersistentVolume", IsNamespaced: false);
    public static readonly ResourceType Pod = new("", "v1", "pods", "Pod");
    public static readonly ResourceType Service = new("", "v1", "services", "Service");
    public static readonly ResourceType Endpoints = new("", "v1", "endpoints", "Endpoints");
    public static readonly ResourceType Secret = new("", "v1", "secrets", "Secret");
    public static readonly ResourceType ConfigMap = new("", "v1", "configmaps", "ConfigMap");
    public static readonly ResourceType ServiceAccount = new("", "v1", "serviceaccounts", "ServiceAccount");
    public static readonly ResourceType PersistentVolumeClaim = new("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");
    public static readonly ResourceType Event = new("", "v1", "events", "Event");
    public static readonly ResourceType LimitRange = new("", "v1", "limitranges", "LimitRange");

    public static readonly ResourceType Deployment = new("apps", "v1", "deployments", "Deployment");
    public static readonly ResourceType ReplicaSet = new("apps", "v1", "replicasets", "ReplicaSet");
    public static readonly ResourceType StatefulSet = new("apps", "v1", "statefulsets", "StatefulSet");
    public static readonly ResourceType EndpointSlice = new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice");
    public static readonly ResourceType Lease = new("coordination.k8s.io", "v1", "leases", "Lease");
    public static readonly ResourceType StorageClass = new("storage.k8s.io", "v1", "storageclasses", "StorageClass", IsNamespaced: false);

    public static readonly ResourceType Role = new("rbac.authorization.k8s.io", "v1", "roles", "Role");
    public static readonly ResourceType RoleBinding = new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding");
    public static readonly ResourceType ClusterRole = new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", IsNamespaced: false);
    public static readonly ResourceType ClusterRoleBinding = new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", IsNamespaced: false);
    public static readonly ResourceType MutatingWebhookConfiguration = new("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", IsNamespaced: false);
    public static readonly ResourceType ValidatingWebhookConfiguration = new("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", IsNamespaced: false);
    public static readonly ResourceType CustomResourceDefinition = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", IsNamespaced: false);

    public static readonly ResourceType EventListener = new("triggers.tekton.dev", "v1beta1", "eventlisteners", "EventListener");
    public static readonly ResourceType Trigger = new("triggers.tekton.dev", "v1beta1", "triggers", "Trigger");
    public static readonly ResourceType TriggerBinding = new("triggers.tekton.dev", "v1beta1", "triggerbindings", "TriggerBinding");
    public static readonly ResourceType TriggerTemplate = new("triggers.tekton.dev", "v1beta1", "triggertemplates", "TriggerTemplate");
    public static readonly ResourceType ClusterTriggerBinding = new("triggers.tekton.dev", "v1beta1", "clustertriggerbindings", "ClusterTriggerBinding", IsNamespaced: false);
    public static readonly ResourceType ClusterInterceptor = new("triggers.tekton.dev", "v1alpha1", "clusterinterceptors", "ClusterInterceptor", IsNamespaced: false);
    public static readonly ResourceType Interceptor = new("triggers.tekton.dev", "v1alpha1", "interceptors", "Interceptor");

    public static readonly ResourceType Task = new("tekton.dev", "v1", "tasks", "Task");
    public static readonly ResourceType TaskRun = new("tekton.dev", "v1", "taskruns", "TaskRun");
    public static readonly ResourceType Pipeline = new("tekton.dev", "v1", "pipelines", "Pipeline");
    public static readonly ResourceType PipelineRun = new("tekton.dev", "v1", "pipelineruns", "PipelineRun");
    public static readonly ResourceType CustomRun = new("tekton.dev", "v1beta1", "customruns", "CustomRun");
    public static readonly ResourceType StepAction = new("tekton.dev", "v1beta1", "stepactions", "StepAction");
    public static readonly ResourceType VerificationPolicy = new("tekton.dev", "v1alpha1", "verificationpolicies", "VerificationPolicy");
    public static readonly ResourceType ResolutionRequest = new("resolution.tekton.dev", "v1beta1", "resolutionrequests", "ResolutionRequest");
}

/// <summary>Name of an object within its type. <c>ToString</c> is the work-queue key: <c>namespace/name</c>, or the name alone.</summary>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
