using System.Text.Json.Nodes;

namespace Hikigane.Triggers.EventListeners;

/// <summary>
/// Whether a live object has left what we want it to be. What the API adds by itself is no drift, so that a listener at rest costs no write.
/// </summary>
internal static class Drift
{
    /// <summary>What the API adds where a field is absent; null: whatever it chose.</summary>
    private static readonly Dictionary<string, JsonNode?> Added = new()
    {
        ["replicas"] = 1,
        ["strategy"] = JsonNode.Parse("""{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}}"""),
        ["revisionHistoryLimit"] = 10,
        ["progressDeadlineSeconds"] = 600,
        ["restartPolicy"] = "Always",
        ["dnsPolicy"] = "ClusterFirst",
        ["schedulerName"] = "default-scheduler",
        ["terminationGracePeriodSeconds"] = 30,
        ["securityContext"] = new JsonObject(),
        ["serviceAccount"] = null,
        ["creationTimestamp"] = null,
        ["terminationMessagePath"] = "/dev/termination-log",
        ["terminationMessagePolicy"] = "File",
        ["imagePullPolicy"] = null,
        ["timeoutSeconds"] = 1,
        ["periodSeconds"] = 10,
        ["successThreshold"] = 1,
        ["failureThreshold"] = 3,
        ["scheme"] = "HTTP",
        ["apiVersion"] = "v1",
        ["defaultMode"] = 420,
        ["protocol"] = "TCP",
        ["type"] = "ClusterIP",
        ["clusterIP"] = null,
        ["clusterIPs"] = null,
        ["nodePort"] = null,
        ["sessionAffinity"] = "None",
        ["ipFamilies"] = null,
        ["ipFamilyPolicy"] = null,
        ["internalTrafficPolicy"] = "Cluster",
        ["externalTrafficPolicy"] = "Cluster",
        ["allocateLoadBalancerNodePorts"] = true,
    };

    public static bool Differs(JsonNode? wanted, JsonNode? live) => (wanted, live) switch
    {
        (JsonObject left, JsonObject right) =>
            left.Any(pair => !IsEmpty(pair.Value) && Differs(pair.Value, right[pair.Key]))
            || right.Any(pair => (!left.ContainsKey(pair.Key) || IsEmpty(left[pair.Key])) && !IsAdded(pair.Key, pair.Value)),
        (JsonArray left, JsonArray right) => left.Count != right.Count || left.Zip(right).Any(pair => Differs(pair.First, pair.Second)),
        _ => (wanted?.ToJsonString() ?? "") != (live?.ToJsonString() ?? ""),
    };

    private static bool IsAdded(string field, JsonNode? value) =>
        IsEmpty(value) || (Added.TryGetValue(field, out var usual) && (usual is null || !Differs(usual, value)));

    private static bool IsEmpty(JsonNode? value) => value is null or JsonObject { Count: 0 } or JsonArray { Count: 0 };
}
