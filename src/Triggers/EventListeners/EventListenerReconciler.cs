using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.EventListeners;

/// <summary>
/// EventListener + its live objects → what to write, and the status that follows from how it went. As tektoncd/triggers
/// pkg/reconciler/eventlistener. The status carries the API's refusals, so writing comes between the two halves.
/// </summary>
public static class EventListenerReconciler
{
    /// <summary>The Deployment to write: <paramref name="live"/> with ours put in; null when nothing is to change.</summary>
    public static JsonObject? Deployment(JsonObject wanted, JsonObject? live)
    {
        if (live is null)
        {
            return wanted;
        }

        if (wanted.Integer("spec", "replicas") is null && live.Integer("spec", "replicas") is { } replicas)
        {
            wanted.Ensure("spec")["replicas"] = replicas;
        }

        return Merge(wanted, live);
    }

    /// <summary>The Service to write; null when nothing is to change.</summary>
    public static JsonObject? Service(JsonObject wanted, JsonObject? live)
    {
        if (live is null)
        {
            return wanted;
        }

        foreach (var field in (ReadOnlySpan<string>)["clusterIP", "clusterIPs"])
        {
            if (live.At("spec", field) is { } address)
            {
                wanted.Ensure("spec")[field] = address.DeepClone();
            }
        }

        if (wanted.Text("spec", "type") == "NodePort" && live.Text("spec", "type") == "NodePort")
        {
            foreach (var (port, known) in wanted.Objects("spec", "ports").Zip(live.Objects("spec", "ports")))
            {
                port["nodePort"] ??= known["nodePort"]?.DeepClone();
            }
        }

        return Merge(wanted, live);
    }

    /// <summary>The custom resource to write; fields of its template that are not ours stay.</summary>
    public static JsonObject? Custom(JsonObject wanted, JsonObject? live)
    {
        if (live is null)
        {
            return wanted;
        }

        var merged = live.Copy();
        merged.Ensure("metadata")["labels"] = wanted.At("metadata", "labels")?.DeepClone();
        Unite(wanted, merged);
        merged.Ensure("spec")["template"] = wanted.At("spec", "template")?.DeepClone();
        return JsonNode.DeepEquals(merged, live) ? null : merged;
    }

    /// <summary>The status of a listener with a Deployment and a Service.</summary>
    public static JsonObject Status(JsonObject listener, string address, Outcome deployment, Outcome service)
    {
        var conditions = new List<JsonObject>
        {
            Condition("Deployment", deployment.Error is null, deployment.Error ?? "Deployment exists"),
            Condition("Service", service.Error is null, service.Error ?? "Service exists"),
        };
        foreach (var copied in deployment.Live?.Objects("status", "conditions") ?? [])
        {
            conditions.Add(Copied(copied));
        }

        var failing = ((string[])["Service", "Deployment", "Progressing", "Available"])
            .Select(type => conditions.FirstOrDefault(one => one.Text("type") == type))
            .FirstOrDefault(one => one is not null && one.Text("status") != "True");
        conditions.Add(failing is null
            ? Condition("Ready", true, "EventListener is ready")
            : Condition("Ready", false, $"Condition {failing.Text("type")} has status: {failing.Text("status")} with message: {failing.Text("message")}"));
        return Status(listener, conditions, service.Error is null ? address : listener.Text("status", "address", "url"));
    }

    /// <summary>The status of a listener with a custom resource, and what keeps it from being ready.</summary>
    public static (JsonObject Status, string? Error) CustomStatus(JsonObject listener, JsonObject? custom)
    {
        List<JsonObject> conditions = [Condition("Deployment", false, null), Condition("Service", false, null)];
        if (custom.Object("status") is not { } live)
        {
            conditions.Add(Condition("Ready", false, null));
            return (Status(listener, conditions, listener.Text("status", "address", "url")), null);
        }

        var ready = live.Objects("conditions").FirstOrDefault(one => one.Text("type") == "Ready");
        if (ready.Text("status") != "True")
        {
            conditions.Add(Condition("Ready", false, null));
            return (Status(listener, conditions, listener.Text("status", "address", "url")), $"custom object is not yet ready because {ready.Text("message")}");
        }

        conditions.Add(Condition("Ready", true, "EventListener is ready"));
        conditions.AddRange(live.Objects("conditions").Where(one => one.Text("type") != "Ready").Select(Copied));
        var url = live.Text("url") ?? "";
        var host = url.IndexOf("//", StringComparison.Ordinal) is var at and >= 0 ? url[(at + 2)..] : url;
        return (Status(listener, conditions, "http://" + host), null);
    }

    /// <summary>Replaces labels and spec, unites annotations: what somebody else wrote there stays.</summary>
    private static JsonObject? Merge(JsonObject wanted, JsonObject live)
    {
        if (!Drift.Differs(wanted["spec"], live["spec"]) && JsonNode.DeepEquals(wanted.At("metadata", "labels"), live.At("metadata", "labels"))
            && (wanted.Object("metadata", "annotations") ?? []).All(one => live.Annotation(one.Key) is not null))
        {
            return null;
        }

        var merged = live.Copy();
        merged.Ensure("metadata")["labels"] = wanted.At("metadata", "labels")?.DeepClone();
        Unite(wanted, merged);
        merged["spec"] = wanted["spec"]?.DeepClone();
        return merged;
    }

    private static void Unite(JsonObject wanted, JsonObject merged)
    {
        foreach (var (key, value) in wanted.Object("metadata", "annotations") ?? [])
        {
            if (merged.Annotation(key) is null)
            {
                merged.Ensure("metadata", "annotations")[key] = value?.DeepClone();
            }
        }
    }

    private static JsonObject Status(JsonObject listener, List<JsonObject> conditions, string? address)
    {
        var status = new JsonObject();
        if (address is not null)
        {
            status["address"] = new JsonObject { ["url"] = address };
        }

        foreach (var condition in conditions)
        {
            var known = listener.Condition(condition.Text("type")!);
            if (known.Text("status") == condition.Text("status") && known.Text("lastTransitionTime") is { } since)
            {
                condition["lastTransitionTime"] = since;
            }
        }

        // What was said before and is not said anew stays, a failure of pods excepted: that one comes and goes with its cause.
        conditions.AddRange(listener.Objects("status", "conditions")
            .Where(one => one.Text("type") != "ReplicaFailure" && conditions.All(said => said.Text("type") != one.Text("type")))
            .Select(one => one.Copy()).ToList());
        status["conditions"] = new JsonArray([.. conditions.OrderBy(one => one.Text("type"), StringComparer.Ordinal)]);
        status["configuration"] = new JsonObject { ["generatedName"] = "el-" + listener.Name() };
        return status;
    }

    private static JsonObject Condition(string type, bool isTrue, string? message)
    {
        var condition = new JsonObject { ["type"] = type, ["status"] = isTrue ? "True" : "False" };
        if (message is not null)
        {
            condition["message"] = message;
        }

        return condition;
    }

    private static JsonObject Copied(JsonObject from)
    {
        var condition = new JsonObject();
        foreach (var field in (ReadOnlySpan<string>)["type", "status", "reason", "message"])
        {
            if (from.Text(field) is { Length: > 0 } value)
            {
                condition[field] = value;
            }
        }

        return condition;
    }
}

/// <summary>How writing an object went: it lives, or the API's words.</summary>
public sealed record Outcome(JsonObject? Live, string? Error);
