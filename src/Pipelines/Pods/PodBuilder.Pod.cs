using System.Text.Json.Nodes;
using Hikigane.Pipelines.Names;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Pods;

/// <content>Volumes, mounts, environment and the pod itself.</content>
public sealed partial class PodBuilder
{
    private static readonly string[] TemplateFields =
    [
        "nodeSelector", "tolerations", "affinity", "securityContext", "runtimeClassName", "automountServiceAccountToken", "schedulerName",
        "hostNetwork", "hostUsers", "dnsPolicy", "dnsConfig", "enableServiceLinks", "priorityClassName", "imagePullSecrets", "hostAliases",
        "topologySpreadConstraints",
    ];

    private void AddVolumesAndMounts()
    {
        volumes.Add(PodParts.EmptyVolume("tekton-internal-bin"));
        if (!IsReadyAtOnce || input.Config.KeepPodOnCancel)
        {
            volumes.Add(DownwardVolume());
        }

        var environment = podTemplate.Objects("env").Where(one => !input.Config.ForbiddenEnv.Contains(one.Text("name") ?? "")).ToList();
        if (run.Annotation("experimental.tekton.dev/execution-mode") == "hermetic" && input.Config.IsAlpha)
        {
            environment.Add(new JsonObject { ["name"] = "TEKTON_HERMETIC", ["value"] = "1" });
        }

        for (var i = 0; i < steps.Count; i++)
        {
            foreach (var variable in environment)
            {
                PodParts.List(steps[i], "env").Add(variable.Copy());
            }

            MountInto(steps[i], i);
        }

        foreach (var sidecar in sidecars.Where(sidecar => sidecar.Text("name") == ResultsSidecar))
        {
            var mounts = PodParts.List(sidecar, "volumeMounts");
            for (var j = 0; j < steps.Count; j++)
            {
                mounts.Add(PodParts.Mount($"tekton-internal-run-{j}", $"/tekton/run/{j}", isReadOnly: true));
            }

            AddImplicitMounts(mounts);
        }
    }

    private void MountInto(JsonObject step, int index)
    {
        var mounts = PodParts.List(step, "volumeMounts");
        if (!input.Config.DisableCredsInit)
        {
            volumes.Add(new JsonObject { ["name"] = $"tekton-creds-init-home-{index}", ["emptyDir"] = new JsonObject { ["medium"] = "Memory" } });
            mounts.Add(PodParts.Mount($"tekton-creds-init-home-{index}", "/tekton/creds"));
        }

        volumes.Add(PodParts.EmptyVolume($"tekton-internal-run-{index}"));
        for (var j = 0; j < steps.Count; j++)
        {
            mounts.Add(PodParts.Mount($"tekton-internal-run-{j}", $"/tekton/run/{j}", isReadOnly: j != index));
        }

        AddImplicitMounts(mounts);
    }

    /// <summary>Mounts of our own, except where the user mounts something at the same path.</summary>
    private void AddImplicitMounts(IList<JsonNode?> mounts)
    {
        var taken = mounts.OfType<JsonObject>().Select(mount => CleanPath.Of(mount.Text("mountPath") ?? "")).ToHashSet();
        var own = new[] { PodParts.Mount("tekton-internal-bin", "/tekton/bin", isReadOnly: true) }
            .Concat(ImplicitMounts.Select(mount => PodParts.Mount(mount.Name, mount.Path, mount.ReadOnly)))
            .Concat(credentials.Mounts.Select(mount => mount.Copy()));
        foreach (var mount in own.Where(mount => !taken.Contains(CleanPath.Of(mount.Text("mountPath") ?? ""))).ToList())
        {
            mounts.Add(mount);
        }
    }

    private JsonObject DownwardVolume()
    {
        var items = new JsonArray(DownwardItem("ready"));
        if (input.Config.KeepPodOnCancel)
        {
            items.Add((JsonNode?)DownwardItem("cancel"));
        }

        return new JsonObject { ["name"] = "tekton-internal-downward", ["downwardAPI"] = new JsonObject { ["items"] = items } };
    }

    private static JsonObject DownwardItem(string name) => new()
    {
        ["path"] = name,
        ["fieldRef"] = new JsonObject { ["fieldPath"] = $"metadata.annotations['tekton.dev/{name}']" },
    };

    private JsonObject Pod()
    {
        foreach (var sidecar in sidecars)
        {
            if (input.Config.KubernetesSidecar)
            {
                sidecar["restartPolicy"] = "Always";
                if (sidecar.Text("name") == ResultsSidecar)
                {
                    PodParts.List(sidecar, "command").Add("-kubernetes-sidecar-mode");
                    PodParts.List(sidecar, "command").Add("true");
                }
            }

            sidecar["name"] = ChildNames.Restrict($"sidecar-{sidecar.Text("name")}");
        }

        var natives = input.Config.KubernetesSidecar ? sidecars : [];
        var plain = input.Config.KubernetesSidecar ? [] : sidecars;
        var spec = new JsonObject
        {
            ["restartPolicy"] = "Never",
            ["initContainers"] = new JsonArray([.. initContainers.Concat(natives)]),
            ["containers"] = new JsonArray([.. steps.Concat(plain)]),
            ["serviceAccountName"] = run.Text("spec", "serviceAccountName"),
            ["volumes"] = new JsonArray([.. volumes]),
            ["activeDeadlineSeconds"] = ActiveDeadline(),
        };
        foreach (var field in TemplateFields)
        {
            if (podTemplate[field] is { } value and not (JsonObject { Count: 0 } or JsonArray { Count: 0 }))
            {
                spec[field] = value.DeepClone();
            }
        }

        AddAffinity(spec);
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject
            {
                ["name"] = PodName(run),
                ["namespace"] = run.Namespace(),
                ["labels"] = Labels(),
                ["annotations"] = Annotations(),
                ["ownerReferences"] = new JsonArray(Owner()),
            },
            ["spec"] = spec,
        };
    }

    private JsonObject Owner()
    {
        var owner = run.OwnerReference();
        owner["apiVersion"] = "tekton.dev/v1";
        owner["kind"] = "TaskRun";
        return owner;
    }

    private JsonObject Labels()
    {
        var labels = run.Object("metadata", "labels")?.Copy() ?? [];
        labels["tekton.dev/taskRun"] = run.Name();
        labels["tekton.dev/taskRunUID"] = run.Uid();
        labels["app.kubernetes.io/managed-by"] = input.Config.ManagedBy;
        return labels;
    }

    private JsonObject Annotations()
    {
        var annotations = run.Object("metadata", "annotations")?.Copy() ?? [];
        annotations.Remove("app.kubernetes.io/managed-by");
        annotations["pipeline.tekton.dev/release"] = input.Release;
        if (IsReadyAtOnce)
        {
            annotations["tekton.dev/ready"] = "READY";
        }

        return annotations;
    }

    private long ActiveDeadline()
    {
        var timeout = run.Text("spec", "timeout") is { } text ? GoDuration.Parse(text) ?? input.Config.Timeout : input.Config.Timeout;
        return timeout == TimeSpan.Zero ? int.MaxValue : (long)(timeout.TotalSeconds * 1.5);
    }

    /// <summary>Pods that share a claim follow the affinity assistant's pod. As tektoncd/pipeline pkg/internal/affinityassistant.</summary>
    private void AddAffinity(JsonObject spec)
    {
        if (run.Annotation("pipeline.tekton.dev/affinity-assistant") is not { Length: > 0 } assistant)
        {
            return;
        }

        var podAffinity = spec.Ensure("affinity", "podAffinity");
        PodParts.List(podAffinity, "requiredDuringSchedulingIgnoredDuringExecution").Add(new JsonObject
        {
            ["labelSelector"] = new JsonObject
            {
                ["matchLabels"] = new JsonObject
                {
                    ["app.kubernetes.io/component"] = "affinity-assistant",
                    ["app.kubernetes.io/instance"] = assistant,
                },
            },
            ["topologyKey"] = "kubernetes.io/hostname",
        });
    }
}
