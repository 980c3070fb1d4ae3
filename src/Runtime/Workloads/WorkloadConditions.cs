using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Workloads;

/// <summary>Conditions and time stamps as the workload controllers of Kubernetes write them.</summary>
internal static class WorkloadConditions
{
    public static string Stamp(DateTimeOffset now) =>
        now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    public static DateTimeOffset? Time(this JsonNode? node, params ReadOnlySpan<string> path) =>
        DateTimeOffset.TryParse(node.Text(path), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>Whether a pod has the condition with status True.</summary>
    public static bool IsTrue(this JsonObject subject, string condition) => subject.Condition(condition).Text("status") == "True";

    /// <summary>Neither finished nor on its way out.</summary>
    public static bool IsActive(this JsonObject pod) =>
        !pod.IsBeingDeleted() && pod.Text("status", "phase") is not ("Succeeded" or "Failed");

    public static bool IsReady(this JsonObject pod) => pod.IsTrue("Ready");

    public static bool IsOwnedBy(this JsonObject child, JsonObject owner) => child.ControllerOwner().Text("uid") == owner.Uid();

    /// <summary>
    /// A condition that keeps its transition time while its status stays, and its update time while nothing of it changes.
    /// </summary>
    public static JsonObject Condition(JsonObject? known, string type, string status, string reason, string message, DateTimeOffset now)
    {
        var isSame = known.Text("status") == status && known.Text("reason") == reason && known.Text("message") == message;
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["lastUpdateTime"] = isSame ? known.Text("lastUpdateTime") ?? Stamp(now) : Stamp(now),
            ["lastTransitionTime"] = known.Text("status") == status ? known.Text("lastTransitionTime") ?? Stamp(now) : Stamp(now),
            ["reason"] = reason,
            ["message"] = message,
        };
    }

    /// <summary>Whether labels satisfy a <c>metav1.LabelSelector</c>.</summary>
    public static bool Selects(JsonObject? selector, JsonObject subject)
    {
        if (selector is null)
        {
            return false;
        }

        var labels = subject.Object("metadata", "labels");
        foreach (var (key, value) in selector.Object("matchLabels") ?? [])
        {
            if (labels.Text(key) is not { } label || label != value.Text())
            {
                return false;
            }
        }

        return selector.Objects("matchExpressions").All(expression => Matches(expression, labels));
    }

    private static bool Matches(JsonObject expression, JsonObject? labels)
    {
        var label = labels.Text(expression.Text("key") ?? "");
        var isListed = expression.Items("values").Any(value => value.Text() == label);
        return expression.Text("operator") switch
        {
            "In" => label is not null && isListed,
            "NotIn" => label is null || !isListed,
            "Exists" => label is not null,
            "DoesNotExist" => label is null,
            _ => false,
        };
    }
}
