using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Runtime.Pods;

namespace Hikigane.Runtime;

/// <summary>The Node object of this process, and the Lease that says that it is alive.</summary>
public sealed class NodeHeartbeat(IKube kube, IPodRuntime runtime, NodeOptions node, TimeProvider time)
{
    private const string LeaseNamespace = "kube-node-lease";
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>Writes the node, then renews its lease until cancelled. An API that refuses is tried again at the next beat.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await RegisterAsync(cancellationToken);
                while (true)
                {
                    await RenewAsync(cancellationToken);
                    await Task.Delay(Period, time, cancellationToken);
                }
            }
            catch (KubeException)
            {
                await Task.Delay(Period, time, cancellationToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Creates the node where it is missing and writes its status.</summary>
    public async Task RegisterAsync(CancellationToken cancellationToken)
    {
        try
        {
            await kube.CreateAsync(Kinds.Node, null, Node(), cancellationToken);
        }
        catch (KubeException exception) when (exception.IsAlreadyExists)
        {
        }

        var body = new JsonObject { ["status"] = Status() };
        await kube.PatchAsync(Kinds.Node, new ObjectKey("", node.NodeName), new Patch(PatchKind.Merge, body), cancellationToken, "status");
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        var renewTime = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        var spec = new JsonObject { ["holderIdentity"] = node.NodeName, ["leaseDurationSeconds"] = 40, ["renewTime"] = renewTime };
        try
        {
            await kube.PatchAsync(Kinds.Lease, new ObjectKey(LeaseNamespace, node.NodeName), new Patch(PatchKind.Merge, new JsonObject { ["spec"] = spec }), cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            var lease = new JsonObject
            {
                ["apiVersion"] = "coordination.k8s.io/v1",
                ["kind"] = "Lease",
                ["metadata"] = new JsonObject { ["name"] = node.NodeName, ["namespace"] = LeaseNamespace },
                ["spec"] = spec.DeepClone(),
            };
            await kube.CreateAsync(Kinds.Lease, LeaseNamespace, lease, cancellationToken);
        }
    }

    private JsonObject Node() => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Node",
        ["metadata"] = new JsonObject
        {
            ["name"] = node.NodeName,
            ["labels"] = new JsonObject
            {
                ["kubernetes.io/hostname"] = node.NodeName,
                ["kubernetes.io/os"] = "linux",
                ["kubernetes.io/arch"] = Architecture,
                ["beta.kubernetes.io/os"] = "linux",
                ["beta.kubernetes.io/arch"] = Architecture,
            },
        },
        ["spec"] = new JsonObject(),
    };

    private static string Architecture => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        var other => other.ToString().ToLowerInvariant(),
    };

    private JsonObject Status()
    {
        var now = ContainerRecord.Stamp(time.GetUtcNow());
        JsonObject Amounts() => new()
        {
            ["cpu"] = System.Environment.ProcessorCount.ToString(),
            ["memory"] = $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024}Ki",
            ["ephemeral-storage"] = $"{new DriveInfo("/").TotalSize / 1024}Ki",
            ["pods"] = "110000",
        };
        return new JsonObject
        {
            ["capacity"] = Amounts(),
            ["allocatable"] = Amounts(),
            ["addresses"] = new JsonArray(
                new JsonObject { ["type"] = "InternalIP", ["address"] = node.NodeAddress },
                new JsonObject { ["type"] = "Hostname", ["address"] = node.NodeName }),
            ["conditions"] = new JsonArray(
                Condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", now),
                Condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now),
                Condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", now),
                Condition("Ready", "True", "KubeletReady", "kubelet is posting ready status", now)),
            ["nodeInfo"] = new JsonObject
            {
                ["kubeletVersion"] = "v1.36.0",
                ["osImage"] = RuntimeInformation.OSDescription,
                ["operatingSystem"] = "linux",
                ["architecture"] = Architecture,
                ["kernelVersion"] = System.Environment.OSVersion.Version.ToString(),
                ["containerRuntimeVersion"] = $"{runtime.Name}://0.1.0",
                ["machineID"] = "",
                ["systemUUID"] = "",
                ["bootID"] = "",
                ["kubeProxyVersion"] = "",
            },
        };
    }

    private static JsonObject Condition(string type, string status, string reason, string message, string now) => new()
    {
        ["type"] = type,
        ["status"] = status,
        ["lastHeartbeatTime"] = now,
        ["lastTransitionTime"] = now,
        ["reason"] = reason,
        ["message"] = message,
    };
}
