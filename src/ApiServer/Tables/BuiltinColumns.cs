using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Tables;

/// <summary>
/// Columns of Kubernetes' own kinds, by <c>plural.group</c>, in the order and with the cells of kubernetes pkg/printers/internalversion.
/// </summary>
internal static class BuiltinColumns
{
    public static readonly Column Name = new("Name", (item, _) => item.Name(), Format: "name", Description: "Name must be unique within a namespace.");
    public static readonly Column Age = new("Age", (item, now) => Tables.Age.Of(item.At("metadata", "creationTimestamp"), now));
    private static readonly Column CreatedAt = new("Created At", (item, _) => item.Text("metadata", "creationTimestamp"), "date");

    private static readonly Dictionary<string, Column[]> Columns = new()
    {
        ["pods"] =
        [
            Name, Text("Ready", PodCells.Ready), Text("Status", PodCells.Status), new("Restarts", (pod, now) => PodCells.Restarts(pod, now)), Age,
            Wide("IP", pod => None(pod.Text("status", "podIP"))), Wide("Node", pod => None(pod.Text("spec", "nodeName"))),
            Wide("Nominated Node", pod => None(pod.Text("status", "nominatedNodeName"))), Wide("Readiness Gates", WorkloadCells.ReadinessGates),
        ],
        ["services"] =
        [
            Name, Text("Type", service => service.Text("spec", "type")), Text("Cluster-IP", service => None(service.Text("spec", "clusterIP"))),
            Text("External-IP", ServiceCells.ExternalAddress), Text("Port(s)", ServiceCells.Ports), Age,
            Wide("Selector", service => Map(service.Object("spec", "selector"))),
        ],
        ["endpoints"] = [Name, Text("Endpoints", ServiceCells.Endpoints), Age],
        ["endpointslices.discovery.k8s.io"] =
        [
            Name, Text("AddressType", slice => slice.Text("addressType")), Text("Ports", ServiceCells.SlicePorts),
            Text("Endpoints", ServiceCells.SliceEndpoints), Age,
        ],
        ["configmaps"] = [Name, Number("Data", Keys), Age],
        ["secrets"] = [Name, Text("Type", secret => secret.Text("type")), Number("Data", Keys), Age],
        ["serviceaccounts"] = [Name, Age],
        ["namespaces"] = [Name, Text("Status", item => item.Text("status", "phase")), Age],
        ["nodes"] =
        [
            Name, Text("Status", NodeCells.Status), Text("Roles", NodeCells.Roles), Age,
            Text("Version", node => node.Text("status", "nodeInfo", "kubeletVersion")),
            Wide("Internal-IP", node => NodeCells.Address(node, "InternalIP")), Wide("External-IP", node => NodeCells.Address(node, "ExternalIP")),
            Wide("OS-Image", node => Unknown(node.Text("status", "nodeInfo", "osImage"))),
            Wide("Kernel-Version", node => Unknown(node.Text("status", "nodeInfo", "kernelVersion"))),
            Wide("Container-Runtime", node => Unknown(node.Text("status", "nodeInfo", "containerRuntimeVersion"))),
        ],
        ["events"] = EventCells.Columns,
        ["events.events.k8s.io"] = EventCells.Columns,
        ["persistentvolumeclaims"] =
        [
            Name, Text("Status", VolumeCells.Status), Text("Volume", claim => claim.Text("spec", "volumeName") ?? ""),
            Text("Capacity", VolumeCells.ClaimCapacity), Text("Access Modes", VolumeCells.ClaimModes),
            Text("StorageClass", claim => claim.Text("spec", "storageClassName") ?? ""),
            Text("VolumeAttributesClass", claim => claim.Text("spec", "volumeAttributesClassName") ?? "<unset>"), Age,
            Wide("VolumeMode", claim => claim.Text("spec", "volumeMode") ?? "<unset>"),
        ],
        ["persistentvolumes"] =
        [
            Name, Text("Capacity", volume => volume.Text("spec", "capacity", "storage") ?? ""), Text("Access Modes", volume => VolumeCells.Modes(volume["spec"])),
            Text("Reclaim Policy", volume => volume.Text("spec", "persistentVolumeReclaimPolicy") ?? ""), Text("Status", VolumeCells.Status),
            Text("Claim", VolumeCells.Claim), Text("StorageClass", volume => volume.Text("spec", "storageClassName") ?? ""),
            Text("VolumeAttributesClass", volume => volume.Text("spec", "volumeAttributesClassName") ?? "<unset>"),
            Text("Reason", volume => volume.Text("status", "reason") ?? ""), Age, Wide("VolumeMode", volume => volume.Text("spec", "volumeMode") ?? "<unset>"),
        ],
        ["limitranges"] = [Name, CreatedAt],
        ["resourcequotas"] = [Name, Text("Request", quota => QuotaCells.Used(quota, limits: false)), Text("Limit", quota => QuotaCells.Used(quota, limits: true)), Age],
        ["deployments.apps"] =
        [
            Name, Text("Ready", item => $"{Count(item, "status", "readyReplicas")}/{Count(item, "spec", "replicas")}"),
            Number("Up-to-date", item => Count(item, "status", "updatedReplicas")), Number("Available", item => Count(item, "status", "availableReplicas")), Age,
            Wide("Containers", WorkloadCells.Containers), Wide("Images", WorkloadCells.Images), Wide("Selector", WorkloadCells.Selector),
        ],
        ["replicasets.apps"] =
        [
            Name, Number("Desired", item => Count(item, "spec", "replicas")), Number("Current", item => Count(item, "status", "replicas")),
            Number("Ready", item => Count(item, "status", "readyReplicas")), Age,
            Wide("Containers", WorkloadCells.Containers), Wide("Images", WorkloadCells.Images), Wide("Selector", WorkloadCells.Selector),
        ],
        ["statefulsets.apps"] =
        [
            Name, Text("Ready", item => $"{Count(item, "status", "readyReplicas")}/{Count(item, "spec", "replicas")}"), Age,
            Wide("Containers", WorkloadCells.Containers), Wide("Images", WorkloadCells.Images),
        ],
        ["leases.coordination.k8s.io"] = [Name, Text("Holder", lease => lease.Text("spec", "holderIdentity") ?? ""), Age],
        ["storageclasses.storage.k8s.io"] =
        [
            new("Name", (item, _) => item.Annotation("storageclass.kubernetes.io/is-default-class") == "true" ? $"{item.Name()} (default)" : item.Name(), Format: "name"),
            Text("Provisioner", item => item.Text("provisioner")), Text("ReclaimPolicy", item => item.Text("reclaimPolicy") ?? "Delete"),
            Text("VolumeBindingMode", item => item.Text("volumeBindingMode") ?? "<unset>"),
            new("AllowVolumeExpansion", (item, _) => item.Flag("allowVolumeExpansion"), "boolean"), Age,
        ],
        ["roles.rbac.authorization.k8s.io"] = [Name, CreatedAt],
        ["clusterroles.rbac.authorization.k8s.io"] = [Name, CreatedAt],
        ["rolebindings.rbac.authorization.k8s.io"] = Binding(),
        ["clusterrolebindings.rbac.authorization.k8s.io"] = Binding(),
        ["customresourcedefinitions.apiextensions.k8s.io"] = [Name, CreatedAt],
    };

    /// <summary>The columns of a built-in resource; Name and Created At where it has none of its own.</summary>
    public static IReadOnlyList<Column> Of(string groupResource) => Columns.GetValueOrDefault(groupResource) ?? [Name, CreatedAt];

    internal static Column Text(string name, Func<JsonObject, string?> cell) => new(name, (item, _) => cell(item) ?? "");

    internal static Column Wide(string name, Func<JsonObject, string?> cell) => new(name, (item, _) => cell(item) ?? "", Priority: 1);

    internal static string None(string? value) => string.IsNullOrEmpty(value) ? "<none>" : value;

    /// <summary>A map as <c>a=b,c=d</c>, sorted; <c>&lt;none&gt;</c> when empty.</summary>
    internal static string Map(JsonObject? map) =>
        None(string.Join(',', (map ?? []).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value.Text()}")));

    internal static long Count(JsonObject item, string section, string field) => item.Integer(section, field) ?? 0;

    private static Column Number(string name, Func<JsonObject, long> cell) => new(name, (item, _) => cell(item), "integer");

    private static string Unknown(string? value) => string.IsNullOrEmpty(value) ? "<unknown>" : value;

    private static long Keys(JsonObject item) => (item.Object("data")?.Count ?? 0) + (item.Object("binaryData")?.Count ?? 0);

    private static Column[] Binding() =>
    [
        Name, Text("Role", binding => $"{binding.Text("roleRef", "kind")}/{binding.Text("roleRef", "name")}"), Age,
        Wide("Users", binding => Subjects(binding, "User")), Wide("Groups", binding => Subjects(binding, "Group")),
        Wide("ServiceAccounts", binding => Subjects(binding, "ServiceAccount")),
    ];

    private static string Subjects(JsonObject binding, string kind) => string.Join(", ", binding.Objects("subjects")
        .Where(subject => subject.Text("kind") == kind)
        .Select(subject => kind == "ServiceAccount" ? $"{subject.Text("namespace")}/{subject.Text("name")}" : subject.Text("name")));
}
