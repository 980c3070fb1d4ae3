using System.Net.Sockets;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime;

/// <summary>
/// Connections to Services by the names that they have inside a cluster: <c>NAME.NAMESPACE.svc</c> leads to a ready pod behind the Service, on the
/// loopback port that stands for the pod's. What DNS and kube-proxy are to a cluster. Any thread may call.
/// </summary>
public sealed class ServiceConnections(ObjectCaches caches, PodLoop loop)
{
    /// <summary>A connection; null when the name is not that of a Service.</summary>
    public async ValueTask<Stream?> DialAsync(string host, int port, CancellationToken cancellationToken)
    {
        if (KeyOf(host) is not { } key)
        {
            return null;
        }

        var (services, endpoints, pods) = (caches.For(Kinds.Service), caches.For(Kinds.Endpoints), caches.For(Kinds.Pod));
        await Task.WhenAll(services.Synced, endpoints.Synced, pods.Synced).WaitAsync(cancellationToken);
        if (services.Get(key) is not { } service)
        {
            return null;
        }

        if (service.Text("spec", "type") == "ExternalName")
        {
            return await ConnectAsync(service.Text("spec", "externalName") ?? "", port, cancellationToken);
        }

        var entry = service.Objects("spec", "ports").FirstOrDefault(one => one.Integer("port") == port)
            ?? throw new IOException($"service \"{key.Name}\" has no port {port}");
        if (AddressOf(endpoints.Get(key), entry.Text("name") ?? "") is not { } address)
        {
            throw new IOException($"no endpoints available for service \"{key.Name}\"");
        }

        var pod = address.PodName is null ? null : pods.Get(new ObjectKey(key.Namespace, address.PodName));
        return pod is null
            ? await ConnectAsync(address.Ip, address.Port, cancellationToken)
            : await ConnectAsync("127.0.0.1", LoopbackPort(pod, address.Port), cancellationToken);
    }

    /// <summary>The loopback port that stands for a port of a pod: its own, unless a container is served inside this process.</summary>
    internal int LoopbackPort(JsonObject pod, int port)
    {
        var worker = loop.WorkerOf(pod);
        foreach (var container in pod.Objects("spec", "containers"))
        {
            if (worker?.Runner(container.Text("name") ?? "")?.Ports.TryGetValue(port, out var mapped) == true)
            {
                return mapped;
            }
        }

        return port;
    }

    /// <summary>The Service that a host name means; null for any other name.</summary>
    public static ObjectKey? KeyOf(string host)
    {
        var parts = host.TrimEnd('.').Split('.');
        return parts is [_, _, "svc"] or [_, _, "svc", "cluster", "local"] ? new ObjectKey(parts[1], parts[0]) : null;
    }

    private static (string Ip, int Port, string? PodName)? AddressOf(JsonObject? endpoints, string portName)
    {
        foreach (var subset in endpoints.Objects("subsets"))
        {
            if (subset.Objects("ports").FirstOrDefault(one => (one.Text("name") ?? "") == portName).Integer("port") is { } port
                && subset.Objects("addresses").FirstOrDefault() is { } address)
            {
                var target = address.Object("targetRef");
                return (address.Text("ip") ?? "", (int)port, target.Text("kind") == "Pod" ? target.Text("name") : null);
            }
        }

        return null;
    }

    /// <summary>A connection to an address as it is.</summary>
    public static async Task<Stream> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
