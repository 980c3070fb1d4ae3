using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Runtime.Workloads;

/// <summary>
/// PersistentVolumeClaim → a directory below <paramref name="directory"/>, shown as a <c>hostPath</c> PersistentVolume. The claim is bound at once,
/// whatever its class: there is one kind of storage here. The directory goes with the claim.
/// </summary>
public sealed class VolumeClaimController(IKube kube, EventRecorder events, string directory) : IController
{
    private const string Protection = "kubernetes.io/pvc-protection";
    private const string Provisioner = "hikigane.dev/directory";

    public string Name => "persistentvolume-controller";

    public ResourceType Type => Kinds.PersistentVolumeClaim;

    public IReadOnlyList<WatchedType> Watches => [new WatchedType(Kinds.Pod, ClaimsOf)];

    public async Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (await Observe.FindAsync(kube, Kinds.PersistentVolumeClaim, key, cancellationToken) is not { } claim)
        {
            await ReleaseAsync(key, cancellationToken);
            return null;
        }

        if (claim.IsBeingDeleted())
        {
            await UnprotectAsync(claim, cancellationToken);
        }
        else if (claim.Text("status", "phase") != "Bound")
        {
            await BindAsync(claim, cancellationToken);
        }

        return null;
    }

    private static IEnumerable<ObjectKey> ClaimsOf(JsonObject pod) => pod.Objects("spec", "volumes")
        .Select(volume => volume.Text("persistentVolumeClaim", "claimName"))
        .OfType<string>()
        .Select(claim => new ObjectKey(pod.Namespace(), claim));

    private async Task BindAsync(JsonObject claim, CancellationToken cancellationToken)
    {
        var name = claim.Text("spec", "volumeName") is { Length: > 0 } chosen ? chosen : $"pvc-{claim.Uid()}";
        var volume = await Observe.FindAsync(kube, Kinds.PersistentVolume, new ObjectKey("", name), cancellationToken);
        if (volume is null && claim.Text("spec", "volumeName") is { Length: > 0 })
        {
            return;
        }

        if (volume is null)
        {
            volume = Build(claim, name);
            Directory.CreateDirectory(volume.Text("spec", "hostPath", "path")!);
            volume = await kube.CreateAsync(Kinds.PersistentVolume, null, volume, cancellationToken);
            var made = new ObjectEvent("Normal", "ProvisioningSucceeded", $"Successfully provisioned volume {name}");
            await events.RecordAsync(claim, made, cancellationToken);
        }

        await SetPhaseAsync(Kinds.PersistentVolume, volume, new JsonObject { ["phase"] = "Bound" }, cancellationToken);
        var bound = claim.Copy();
        bound.Ensure("spec")["volumeName"] = name;
        var annotations = bound.Ensure("metadata", "annotations");
        annotations["pv.kubernetes.io/bind-completed"] = "yes";
        annotations["pv.kubernetes.io/bound-by-controller"] = "yes";
        annotations["volume.kubernetes.io/storage-provisioner"] = Provisioner;
        bound = await kube.UpdateAsync(Kinds.PersistentVolumeClaim, bound, cancellationToken);
        var status = new JsonObject
        {
            ["phase"] = "Bound",
            ["accessModes"] = volume.At("spec", "accessModes")?.DeepClone(),
            ["capacity"] = volume.At("spec", "capacity")?.DeepClone(),
        };
        await SetPhaseAsync(Kinds.PersistentVolumeClaim, bound, status, cancellationToken);
    }

    private JsonObject Build(JsonObject claim, string name)
    {
        var spec = new JsonObject
        {
            ["capacity"] = claim.At("spec", "resources", "requests")?.DeepClone() ?? new JsonObject { ["storage"] = "1Gi" },
            ["accessModes"] = claim.At("spec", "accessModes")?.DeepClone(),
            ["hostPath"] = new JsonObject { ["path"] = Path.Combine(directory, name), ["type"] = "DirectoryOrCreate" },
            ["claimRef"] = new JsonObject
            {
                ["kind"] = "PersistentVolumeClaim",
                ["namespace"] = claim.Namespace(),
                ["name"] = claim.Name(),
                ["uid"] = claim.Uid(),
                ["apiVersion"] = "v1",
                ["resourceVersion"] = claim.Text("metadata", "resourceVersion"),
            },
            ["persistentVolumeReclaimPolicy"] = "Delete",
            ["volumeMode"] = "Filesystem",
        };
        if (claim.Text("spec", "storageClassName") is { Length: > 0 } storageClass)
        {
            spec["storageClassName"] = storageClass;
        }

        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "PersistentVolume",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["annotations"] = new JsonObject { ["pv.kubernetes.io/provisioned-by"] = Provisioner },
            },
            ["spec"] = spec,
        };
    }

    private async Task SetPhaseAsync(ResourceType type, JsonObject subject, JsonObject status, CancellationToken cancellationToken)
    {
        var updated = subject.Copy();
        updated["status"] = status;
        await kube.UpdateAsync(type, updated, cancellationToken, "status");
    }

    /// <summary>A claim that is being deleted goes when no pod that still runs uses it.</summary>
    private async Task UnprotectAsync(JsonObject claim, CancellationToken cancellationToken)
    {
        if (!claim.Items("metadata", "finalizers").Any(finalizer => finalizer.Text() == Protection))
        {
            return;
        }

        var pods = await kube.ListAsync(Kinds.Pod, claim.Namespace(), ListQuery.All, cancellationToken);
        if (pods.Items.Any(pod => pod.Text("status", "phase") is not ("Succeeded" or "Failed") && ClaimsOf(pod).Contains(claim.Key())))
        {
            return;
        }

        var updated = claim.Copy();
        var left = claim.Items("metadata", "finalizers").Where(finalizer => finalizer.Text() != Protection).Select(one => one?.DeepClone());
        updated.Ensure("metadata")["finalizers"] = new JsonArray([.. left]);
        await kube.UpdateAsync(Kinds.PersistentVolumeClaim, updated, cancellationToken);
    }

    /// <summary>The claim is gone: its volume goes too, unless it is to be kept.</summary>
    private async Task ReleaseAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        var volumes = await kube.ListAsync(Kinds.PersistentVolume, null, ListQuery.All, cancellationToken);
        foreach (var volume in volumes.Items.Where(one => one.Annotation("pv.kubernetes.io/provisioned-by") == Provisioner
            && one.Text("spec", "claimRef", "namespace") == key.Namespace && one.Text("spec", "claimRef", "name") == key.Name
            && one.Text("spec", "persistentVolumeReclaimPolicy") == "Delete"))
        {
            var path = Path.Combine(directory, volume.Name());
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }

            await kube.DeleteAsync(Kinds.PersistentVolume, volume.Key(), new DeleteQuery(volume.Uid()), cancellationToken);
        }
    }
}
