using System.Collections.Immutable;
using Hikigane.Resources;

namespace Hikigane.ApiServer.Rest;

/// <summary>
/// What is served right now. Kinds can be added and taken away while the server runs (custom resource definitions). Readers see a whole
/// table or the next one; any thread may change it.
/// </summary>
public sealed class ServedKinds
{
    private ImmutableList<ServedKind> all = [];
    private ImmutableDictionary<(string Group, string Version, string Plural), (ServedKind Kind, ResourceType Type)> byPath =
        ImmutableDictionary<(string, string, string), (ServedKind, ResourceType)>.Empty;
    private readonly Lock gate = new();

    /// <summary>In the order they were added, which is the order of discovery.</summary>
    public IReadOnlyList<ServedKind> All => all;

    /// <summary>Counts up with each change of the table.</summary>
    public int Generation { get; private set; }

    public (ServedKind Kind, ResourceType Type)? Find(string group, string version, string plural) =>
        byPath.TryGetValue((group, version, plural), out var found) ? found : null;

    /// <summary>The kind that stores under <c>plural.group</c>.</summary>
    public ServedKind? Find(string groupResource) => all.FirstOrDefault(kind => kind.Type.GroupResource == groupResource);

    /// <summary>The served version of a kind, as owner references name it.</summary>
    public (ServedKind Kind, ResourceType Type)? FindKind(string apiVersion, string kindName)
    {
        foreach (var kind in all)
        {
            if (kind.Type.Kind == kindName && kind.Versions.FirstOrDefault(version => version.ApiVersion == apiVersion) is { } type)
            {
                return (kind, type);
            }
        }

        return null;
    }

    /// <summary>Whether any kind is served in this version.</summary>
    public bool Serves(string apiVersion) => all.Any(kind => kind.Versions.Any(version => version.ApiVersion == apiVersion));

    /// <summary>Adds a kind, or replaces the one of the same group and plural.</summary>
    public void Add(ServedKind kind)
    {
        lock (gate)
        {
            var place = all.FindIndex(other => other.Type.GroupResource == kind.Type.GroupResource);
            all = place < 0 ? all.Add(kind) : all.SetItem(place, kind);
            Index();
        }
    }

    /// <summary>Puts another table in the place of this one.</summary>
    public void Replace(IEnumerable<ServedKind> kinds)
    {
        lock (gate)
        {
            all = [.. kinds];
            Index();
        }
    }

    /// <summary>Every kind that the code names, schemaless: what tests and simulations need.</summary>
    public static ServedKinds Named()
    {
        var kinds = new ServedKinds();
        foreach (var type in NamedTypes())
        {
            var custom = type.Group.EndsWith("tekton.dev", StringComparison.Ordinal);
            kinds.Add(new ServedKind
            {
                Type = type,
                IsCustom = custom,
                HasStatus = custom || type.Plural is "pods" or "deployments" or "namespaces" or "nodes" or "persistentvolumeclaims"
                    or "persistentvolumes" or "statefulsets" or "replicasets" or "services" or "customresourcedefinitions",
                HasGeneration = custom || type.Group == "apps" || type.Plural is "pods" or "customresourcedefinitions",
                AllowsUnconditionalUpdate = !custom && type.Plural is not ("leases" or "customresourcedefinitions"),
                AllowsCreateOnUpdate = type.Plural is "leases" or "endpoints" or "events" or "limitranges" or "services"
                    || type.Group == "rbac.authorization.k8s.io",
                FieldSelectors = CoreFields.Of(type.GroupResource),
            });
        }

        return kinds;
    }

    private static IEnumerable<ResourceType> NamedTypes() =>
    [
        Kinds.Namespace, Kinds.Node, Kinds.PersistentVolume, Kinds.Pod, Kinds.Service, Kinds.Endpoints, Kinds.Secret, Kinds.ConfigMap,
        Kinds.ServiceAccount, Kinds.PersistentVolumeClaim, Kinds.Event, Kinds.LimitRange, Kinds.Deployment, Kinds.ReplicaSet,
        Kinds.StatefulSet, Kinds.EndpointSlice, Kinds.Lease, Kinds.StorageClass, Kinds.Role, Kinds.RoleBinding, Kinds.ClusterRole,
        Kinds.ClusterRoleBinding, Kinds.CustomResourceDefinition, Kinds.EventListener, Kinds.Trigger, Kinds.TriggerBinding,
        Kinds.TriggerTemplate, Kinds.ClusterTriggerBinding, Kinds.ClusterInterceptor, Kinds.Interceptor, Kinds.Task, Kinds.TaskRun,
        Kinds.Pipeline, Kinds.PipelineRun, Kinds.CustomRun, Kinds.StepAction, Kinds.VerificationPolicy, Kinds.ResolutionRequest,
    ];

    private void Index()
    {
        byPath = all.SelectMany(kind => kind.Versions.Select(type => (kind, type)))
            .ToImmutableDictionary(pair => (pair.type.Group, pair.type.Version, pair.type.Plural));
        Generation++;
    }
}
