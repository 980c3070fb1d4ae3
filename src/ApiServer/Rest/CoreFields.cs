namespace Hikigane.ApiServer.Rest;

/// <summary>Field selectors of the built-in kinds, as Kubernetes supports them.</summary>
public static class CoreFields
{
    /// <summary>Dotted paths for a <c>plural.group</c>; empty for the rest.</summary>
    public static IReadOnlyList<string> Of(string groupResource) => groupResource switch
    {
        "pods" =>
        [
            "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
            "status.podIP", "status.podIPs", "status.nominatedNodeName",
        ],
        "events" or "events.events.k8s.io" =>
        [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
            "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
        ],
        "namespaces" => ["status.phase"],
        "nodes" => ["spec.unschedulable"],
        "secrets" => ["type"],
        "services" => ["spec.clusterIP", "spec.type"],
        _ => [],
    };
}
