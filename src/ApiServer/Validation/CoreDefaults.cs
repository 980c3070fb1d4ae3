using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>Defaults of the built-in kinds other than pods, by kind. Filled in place, on write, after every mutation.</summary>
public static class CoreDefaults
{
    /// <summary>The defaulting of a built-in kind, or null where Kubernetes adds nothing.</summary>
    public static Action<JsonObject>? Of(string group, string kind) => (group, kind) switch
    {
        ("", "Pod") => Pod,
        ("", "Service") => Service,
        ("", "Secret") => Secret,
        ("", "Namespace") => Namespace,
        ("", "PersistentVolumeClaim") => Claim,
        ("", "PersistentVolume") => Volume,
        ("apps", "Deployment") => Deployment,
        ("apps", "ReplicaSet") => ReplicaSet,
        ("apps", "StatefulSet") => StatefulSet,
        ("rbac.authorization.k8s.io", "RoleBinding" or "ClusterRoleBinding") => Binding,
        ("storage.k8s.io", "StorageClass") => StorageClass,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Definition,
        _ => null,
    };

    private static void Pod(JsonObject pod)
    {
        var spec = pod.Ensure("spec");
        PodDefaults.ApplySpec(spec, isTemplate: false);
        var status = pod.Ensure("status");
        Set(status, "phase", "Pending");
        Set(status, "qosClass", PodDefaults.QosClass(spec));
    }

    private static void Service(JsonObject service)
    {
        var spec = service.Ensure("spec");
        Set(spec, "type", "ClusterIP");
        Set(spec, "sessionAffinity", "None");
        foreach (var port in spec.Objects("ports"))
        {
            Set(port, "protocol", "TCP");
            if (port["port"] is { } number)
            {
                Set(port, "targetPort", number.DeepClone());
            }
        }

        if (spec.Text("type") != "ExternalName")
        {
            Set(spec, "internalTrafficPolicy", "Cluster");
            Set(spec, "ipFamilyPolicy", "SingleStack");
            Set(spec, "ipFamilies", new JsonArray("IPv4"));
        }

        if (spec.Text("type") is "NodePort" or "LoadBalancer")
        {
            Set(spec, "externalTrafficPolicy", "Cluster");
        }

        service.Ensure("status", "loadBalancer");
    }

    private static void Secret(JsonObject secret)
    {
        Set(secret, "type", "Opaque");
        foreach (var (key, value) in secret.Object("stringData") ?? [])
        {
            secret.Ensure("data")[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.Text() ?? ""));
        }

        secret.Remove("stringData");
    }

    private static void Namespace(JsonObject item)
    {
        item.Ensure("metadata", "labels")["kubernetes.io/metadata.name"] = item.Name();
        if (!item.IsBeingDeleted())
        {
            Set(item.Ensure("spec"), "finalizers", new JsonArray("kubernetes"));
        }

        Set(item.Ensure("status"), "phase", "Active");
    }

    private static void Claim(JsonObject claim)
    {
        Set(claim.Ensure("spec"), "volumeMode", "Filesystem");
        PodDefaults.CanonicalQuantities(claim.Object("spec", "resources"));
        Set(claim.Ensure("status"), "phase", "Pending");
    }

    private static void Volume(JsonObject volume)
    {
        Set(volume.Ensure("spec"), "volumeMode", "Filesystem");
        Set(volume.Ensure("spec"), "persistentVolumeReclaimPolicy", "Retain");
        Set(volume.Ensure("status"), "phase", "Pending");
    }

    private static void Deployment(JsonObject deployment)
    {
        var spec = deployment.Ensure("spec");
        Set(spec, "replicas", 1);
        Set(spec, "revisionHistoryLimit", 10);
        Set(spec, "progressDeadlineSeconds", 600);
        var strategy = spec.Ensure("strategy");
        Set(strategy, "type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
        {
            Set(strategy.Ensure("rollingUpdate"), "maxUnavailable", "25%");
            Set(strategy.Ensure("rollingUpdate"), "maxSurge", "25%");
        }

        Template(spec);
        deployment.Ensure("status");
    }

    private static void ReplicaSet(JsonObject set)
    {
        var spec = set.Ensure("spec");
        Set(spec, "replicas", 1);
        Template(spec);
        Set(set.Ensure("status"), "replicas", 0);
    }

    private static void StatefulSet(JsonObject set)
    {
        var spec = set.Ensure("spec");
        Set(spec, "replicas", 1);
        Set(spec, "podManagementPolicy", "OrderedReady");
        Set(spec, "revisionHistoryLimit", 10);
        var strategy = spec.Ensure("updateStrategy");
        Set(strategy, "type", "RollingUpdate");
        if (strategy.Text("type") == "RollingUpdate")
        {
            Set(strategy.Ensure("rollingUpdate"), "partition", 0);
        }

        var retention = spec.Ensure("persistentVolumeClaimRetentionPolicy");
        Set(retention, "whenDeleted", "Retain");
        Set(retention, "whenScaled", "Retain");
        foreach (var claim in spec.Objects("volumeClaimTemplates"))
        {
            Set(claim, "apiVersion", "v1");
            Set(claim, "kind", "PersistentVolumeClaim");
            Claim(claim);
        }

        Template(spec);
        Set(set.Ensure("status"), "replicas", 0);
    }

    private static void Template(JsonObject spec) => PodDefaults.ApplySpec(spec.Ensure("template", "spec"), isTemplate: true);

    private static void Binding(JsonObject binding)
    {
        Set(binding.Ensure("roleRef"), "apiGroup", "rbac.authorization.k8s.io");
        foreach (var subject in binding.Objects("subjects").Where(subject => subject.Text("kind") is "User" or "Group"))
        {
            Set(subject, "apiGroup", "rbac.authorization.k8s.io");
        }
    }

    private static void StorageClass(JsonObject item)
    {
        Set(item, "reclaimPolicy", "Delete");
        Set(item, "volumeBindingMode", "Immediate");
    }

    private static void Definition(JsonObject definition)
    {
        Set(definition.Ensure("spec", "conversion"), "strategy", "None");
        var names = definition.Ensure("spec", "names");
        if (names.Text("kind") is { } kind)
        {
            Set(names, "singular", kind.ToLowerInvariant());
            Set(names, "listKind", $"{kind}List");
        }
    }

    private static void Set(JsonObject node, string field, JsonNode value)
    {
        if (node[field] is null || (node[field] is JsonValue text && text.TryGetValue<string>(out var empty) && empty.Length == 0))
        {
            node[field] = value;
        }
    }
}
