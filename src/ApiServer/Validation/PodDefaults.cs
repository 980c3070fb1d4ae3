using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>What Kubernetes fills into pods and pod templates. As kubernetes pkg/apis/core/v1/defaults.go.</summary>
public static class PodDefaults
{
    private const string TokenVolumePrefix = "kube-api-access-";
    private const string TokenMountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
    private static readonly string[] ContainerLists = ["containers", "initContainers", "ephemeralContainers"];
    private static readonly string[] Guarded = ["cpu", "memory"];
    private static readonly string[] Probes = ["livenessProbe", "readinessProbe", "startupProbe"];
    private static readonly string[] Projections = ["configMap", "secret", "downwardAPI", "projected"];

    /// <summary>Defaults of a pod's own spec and of a template's.</summary>
    public static void ApplySpec(JsonObject spec, bool isTemplate)
    {
        Set(spec, "restartPolicy", "Always");
        Set(spec, "dnsPolicy", "ClusterFirst");
        Set(spec, "schedulerName", "default-scheduler");
        Set(spec, "terminationGracePeriodSeconds", 30);
        spec["securityContext"] ??= new JsonObject();
        if (spec.Text("serviceAccountName") is { Length: > 0 } account)
        {
            // The deprecated alias always says the same.
            spec["serviceAccount"] = account;
        }

        if (!isTemplate)
        {
            Set(spec, "enableServiceLinks", true);
        }

        foreach (var container in ContainerLists.SelectMany(list => spec.Objects(list)))
        {
            ApplyContainer(container, isTemplate);
        }

        foreach (var volume in spec.Objects("volumes"))
        {
            ApplyVolume(volume);
        }
    }

    /// <summary>
    /// What admission adds to a pod: service account, tolerations, priority and the token volume. The suffix makes the volume's name.
    /// </summary>
    public static void Admit(JsonObject pod, string suffix, bool automountsToken)
    {
        var spec = pod.Ensure("spec");
        Set(spec, "serviceAccountName", spec.Text("serviceAccount") ?? "default");
        spec["serviceAccount"] = spec.Text("serviceAccountName");
        Set(spec, "preemptionPolicy", "PreemptLowerPriority");
        Set(spec, "priority", 0);
        Tolerate(spec, "node.kubernetes.io/not-ready");
        Tolerate(spec, "node.kubernetes.io/unreachable");
        if (spec["automountServiceAccountToken"] is null ? automountsToken : spec.Flag("automountServiceAccountToken"))
        {
            MountToken(spec, suffix);
        }
    }

    /// <summary><c>Guaranteed</c>, <c>Burstable</c> or <c>BestEffort</c>, from requests and limits.</summary>
    public static string QosClass(JsonObject spec)
    {
        var containers = spec.Objects("containers").Concat(spec.Objects("initContainers")).ToList();
        var isPlain = containers.All(container => IsEmpty(container, "requests") && IsEmpty(container, "limits"));
        var isGuaranteed = containers.All(container => Guarded.All(resource =>
            container.At("resources", "limits", resource) is { } limit
            && (container.At("resources", "requests", resource) is not { } request || JsonNode.DeepEquals(request, limit))));
        return isPlain ? "BestEffort" : isGuaranteed ? "Guaranteed" : "Burstable";
    }

    /// <summary>Kubernetes keeps the value of a quantity, not its spelling.</summary>
    public static void CanonicalQuantities(JsonObject? resources)
    {
        foreach (var amounts in (ReadOnlySpan<JsonObject?>)[resources.Object("limits"), resources.Object("requests")])
        {
            foreach (var (name, amount) in (amounts ?? []).ToList())
            {
                var text = amount.Text() ?? amount?.ToJsonString() ?? "";
                if (Quantity.IsQuantity(text) && Quantity.Canonical(text) is var canonical && amount.Text() != canonical)
                {
                    amounts![name] = canonical;
                }
            }
        }
    }

    private static bool IsEmpty(JsonObject container, string list) => container.Object("resources", list) is null or { Count: 0 };

    private static void ApplyContainer(JsonObject container, bool isTemplate)
    {
        Set(container, "imagePullPolicy", IsLatest(container.Text("image") ?? "") ? "Always" : "IfNotPresent");
        Set(container, "terminationMessagePath", "/dev/termination-log");
        Set(container, "terminationMessagePolicy", "File");
        container["resources"] ??= new JsonObject();
        CanonicalQuantities(container.Object("resources"));
        if (!isTemplate && container.Object("resources", "limits") is { } limits)
        {
            var requests = container.Ensure("resources", "requests");
            foreach (var (name, quantity) in limits)
            {
                requests[name] ??= quantity?.DeepClone();
            }
        }

        foreach (var port in container.Objects("ports"))
        {
            Set(port, "protocol", "TCP");
        }

        foreach (var reference in container.Objects("env").Select(variable => variable.Object("valueFrom", "fieldRef")).OfType<JsonObject>())
        {
            Set(reference, "apiVersion", "v1");
        }

        foreach (var probe in Probes.Select(name => container.Object(name)).OfType<JsonObject>())
        {
            ApplyProbe(probe);
        }
    }

    private static bool IsLatest(string image)
    {
        var name = image[(image.LastIndexOf('/') + 1)..];
        return !name.Contains('@') && (!name.Contains(':') || name.EndsWith(":latest", StringComparison.Ordinal));
    }

    private static void ApplyProbe(JsonObject probe)
    {
        Set(probe, "timeoutSeconds", 1);
        Set(probe, "periodSeconds", 10);
        Set(probe, "successThreshold", 1);
        Set(probe, "failureThreshold", 3);
        if (probe.Object("httpGet") is { } get)
        {
            Set(get, "path", "/");
            Set(get, "scheme", "HTTP");
        }

        if (probe.Object("grpc") is { } grpc)
        {
            Set(grpc, "service", "");
        }
    }

    private static void ApplyVolume(JsonObject volume)
    {
        foreach (var source in Projections.Select(name => volume.Object(name)).OfType<JsonObject>())
        {
            Set(source, "defaultMode", 420);
        }

        if (volume.Object("hostPath") is { } path)
        {
            Set(path, "type", "");
        }

        foreach (var source in volume.Objects("projected", "sources"))
        {
            if (source.Object("serviceAccountToken") is { } token)
            {
                Set(token, "expirationSeconds", 3600);
            }
        }

        var items = volume.Objects("downwardAPI", "items").Concat(volume.Objects("projected", "sources").SelectMany(source => source.Objects("downwardAPI", "items")));
        foreach (var reference in items.Select(item => item.Object("fieldRef")).OfType<JsonObject>())
        {
            Set(reference, "apiVersion", "v1");
        }

        if (volume.All(pair => pair.Key == "name"))
        {
            volume["emptyDir"] = new JsonObject();
        }
    }

    private static void Tolerate(JsonObject spec, string key)
    {
        var tolerations = spec["tolerations"] as JsonArray ?? [];
        spec["tolerations"] ??= tolerations;
        if (!tolerations.OfType<JsonObject>().Any(toleration => toleration.Text("key") == key))
        {
            tolerations.Add((JsonNode)new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 });
        }
    }

    private static void MountToken(JsonObject spec, string suffix)
    {
        var containers = ContainerLists.SelectMany(list => spec.Objects(list))
            .Where(container => !container.Objects("volumeMounts").Any(mount => mount.Text("mountPath") == TokenMountPath)).ToList();
        if (containers.Count == 0)
        {
            return;
        }

        var volumes = spec["volumes"] as JsonArray ?? [];
        spec["volumes"] ??= volumes;
        var name = volumes.OfType<JsonObject>().Select(volume => volume.Text("name"))
            .FirstOrDefault(volume => volume?.StartsWith(TokenVolumePrefix, StringComparison.Ordinal) == true);
        if (name is null)
        {
            name = TokenVolumePrefix + suffix;
            volumes.Add((JsonNode)TokenVolume(name));
        }

        foreach (var container in containers)
        {
            var mounts = container["volumeMounts"] as JsonArray ?? [];
            container["volumeMounts"] ??= mounts;
            mounts.Add((JsonNode)new JsonObject { ["name"] = name, ["readOnly"] = true, ["mountPath"] = TokenMountPath });
        }
    }

    private static JsonObject TokenVolume(string name) => new()
    {
        ["name"] = name,
        ["projected"] = new JsonObject
        {
            ["sources"] = new JsonArray(
                new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = 3607, ["path"] = "token" } },
                new JsonObject
                {
                    ["configMap"] = new JsonObject
                    {
                        ["name"] = "kube-root-ca.crt",
                        ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                    },
                },
                new JsonObject
                {
                    ["downwardAPI"] = new JsonObject
                    {
                        ["items"] = new JsonArray(new JsonObject
                        {
                            ["path"] = "namespace",
                            ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                        }),
                    },
                }),
            ["defaultMode"] = 420,
        },
    };

    private static void Set(JsonObject node, string field, JsonNode value)
    {
        if (node[field] is null || (node[field] is JsonValue text && text.TryGetValue<string>(out var empty) && empty.Length == 0))
        {
            node[field] = value;
        }
    }
}
