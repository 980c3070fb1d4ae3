using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Workloads;

/// <summary>
/// Service + its pods → Endpoints and EndpointSlice. As kubernetes pkg/controller/{endpoint,endpointslice}.
/// </summary>
public static class EndpointsReconciler
{
    /// <summary>The Endpoints object, without what the API adds.</summary>
    public static JsonObject Endpoints(JsonObject service, IReadOnlyList<JsonObject> pods)
    {
        var endpoints = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Endpoints", ["metadata"] = Metadata(service, service.Name()) };
        var subsets = new JsonArray();

        // Pods whose named ports resolve to the same numbers share a subset.
        foreach (var group in Addressed(pods).GroupBy(pod => Ports(service, pod).ToJsonString(), StringComparer.Ordinal))
        {
            var ready = new JsonArray();
            var waiting = new JsonArray();
            foreach (var pod in group)
            {
                (IsPublished(service, pod) ? ready : waiting).Add((JsonNode)Address(pod));
            }

            var subset = new JsonObject();
            if (ready.Count > 0)
            {
                subset["addresses"] = ready;
            }

            if (waiting.Count > 0)
            {
                subset["notReadyAddresses"] = waiting;
            }

            subset["ports"] = Ports(service, group.First());
            subsets.Add((JsonNode)subset);
        }

        if (subsets.Count > 0)
        {
            endpoints["subsets"] = subsets;
        }

        return endpoints;
    }

    /// <summary>The one EndpointSlice of the service; its name is computed.</summary>
    public static JsonObject Slice(JsonObject service, IReadOnlyList<JsonObject> pods)
    {
        var metadata = Metadata(service, $"{service.Name()}-{TemplateHash.Suffix(service.Uid())}");
        var labels = (service.Object("metadata", "labels") ?? []).Copy();
        labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io";
        labels["kubernetes.io/service-name"] = service.Name();
        metadata["labels"] = labels;
        metadata["generateName"] = service.Name() + "-";
        metadata["ownerReferences"] = new JsonArray(DeploymentReconciler.Owner(service, "v1", "Service"));
        var addressed = Addressed(pods).ToList();
        return new JsonObject
        {
            ["addressType"] = "IPv4",
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["endpoints"] = new JsonArray([.. addressed.Select(JsonNode (pod) => Endpoint(service, pod))]),
            ["kind"] = "EndpointSlice",
            ["metadata"] = metadata,
            ["ports"] = addressed.Count == 0 ? new JsonArray() : Ports(service, addressed[0]),
        };
    }

    private static JsonObject Metadata(JsonObject service, string name)
    {
        var metadata = new JsonObject { ["name"] = name, ["namespace"] = service.Namespace() };
        if (service.Object("metadata", "labels") is { } labels)
        {
            metadata["labels"] = labels.Copy();
        }

        return metadata;
    }

    private static IEnumerable<JsonObject> Addressed(IReadOnlyList<JsonObject> pods) => pods
        .Where(pod => pod.IsActive() && pod.Text("status", "podIP") is { Length: > 0 })
        .OrderBy(pod => pod.Name(), StringComparer.Ordinal);

    private static bool IsPublished(JsonObject service, JsonObject pod) => pod.IsReady() || service.Flag("spec", "publishNotReadyAddresses");

    private static JsonObject Target(JsonObject pod) => new()
    {
        ["kind"] = "Pod",
        ["name"] = pod.Name(),
        ["namespace"] = pod.Namespace(),
        ["uid"] = pod.Uid(),
    };

    private static JsonObject Address(JsonObject pod) => new()
    {
        ["ip"] = pod.Text("status", "podIP"),
        ["nodeName"] = pod.Text("spec", "nodeName"),
        ["targetRef"] = Target(pod),
    };

    private static JsonObject Endpoint(JsonObject service, JsonObject pod)
    {
        var isReady = IsPublished(service, pod);
        return new JsonObject
        {
            ["addresses"] = new JsonArray(JsonValue.Create(pod.Text("status", "podIP"))),
            ["conditions"] = new JsonObject { ["ready"] = isReady, ["serving"] = pod.IsReady(), ["terminating"] = pod.IsBeingDeleted() },
            ["nodeName"] = pod.Text("spec", "nodeName"),
            ["targetRef"] = Target(pod),
        };
    }

    private static JsonArray Ports(JsonObject service, JsonObject pod)
    {
        var ports = new JsonArray();
        foreach (var port in service.Objects("spec", "ports"))
        {
            if (Number(port, pod) is not { } number)
            {
                continue;
            }

            var made = new JsonObject();
            if (port.Text("name") is { Length: > 0 } name)
            {
                made["name"] = name;
            }

            made["port"] = number;
            made["protocol"] = port.Text("protocol") ?? "TCP";
            ports.Add((JsonNode)made);
        }

        return ports;
    }

    /// <summary>The pod's port that a service port means: a number, or the name of a container port.</summary>
    private static long? Number(JsonObject port, JsonObject pod) => port.At("targetPort") switch
    {
        null => port.Integer("port"),
        var target when target.Integer() is { } number => number == 0 ? port.Integer("port") : number,
        var target => pod.Objects("spec", "containers").SelectMany(container => container.Objects("ports"))
            .FirstOrDefault(one => one.Text("name") == target.Text()).Integer("containerPort"),
    };
}
