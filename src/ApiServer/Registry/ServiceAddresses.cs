using System.Text.Json.Nodes;
using Hikigane.ApiServer.Store;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Registry;

/// <summary>Gives Services their ClusterIP and node ports, each once. Any thread may call.</summary>
internal sealed class ServiceAddresses(IStore store)
{
    private const int FirstAddress = 10;
    private const int Addresses = 65000;
    private const int FirstNodePort = 30000;
    private const int NodePorts = 2768;

    private readonly Lock gate = new();
    private int nextAddress;
    private int nextPort;

    /// <summary>Fills what a Service lacks; on an update what it had before.</summary>
    public void Assign(JsonObject service, JsonObject? old)
    {
        var spec = service.Ensure("spec");
        if (spec.Text("type") == "ExternalName")
        {
            return;
        }

        if (string.IsNullOrEmpty(spec.Text("clusterIP")))
        {
            spec["clusterIP"] = old.Text("spec", "clusterIP") is { Length: > 0 } kept ? kept : NewAddress();
        }

        spec["clusterIPs"] ??= new JsonArray(spec.Text("clusterIP"));
        if (spec.Text("type") is "NodePort" or "LoadBalancer")
        {
            foreach (var port in spec.Objects("ports").Where(port => port.Integer("nodePort") is null or 0))
            {
                port["nodePort"] = old.Objects("spec", "ports").FirstOrDefault(before => before.Integer("port") == port.Integer("port")).Integer("nodePort") ?? NewPort();
            }
        }
    }

    private string NewAddress()
    {
        lock (gate)
        {
            var used = store.Current.In("services", null).Select(one => one.Object.Text("spec", "clusterIP")).ToHashSet();
            for (var tries = 0; tries < Addresses; tries++)
            {
                var number = FirstAddress + (nextAddress++ % Addresses);
                var address = $"10.96.{number / 250}.{(number % 250) + 1}";
                if (!used.Contains(address))
                {
                    return address;
                }
            }
        }

        throw new Kube.KubeException(500, "InternalError", "Internal error occurred: failed to allocate a serviceIP: range is full");
    }

    private int NewPort()
    {
        lock (gate)
        {
            var used = store.Current.In("services", null).SelectMany(one => one.Object.Objects("spec", "ports")).Select(port => port.Integer("nodePort")).ToHashSet();
            for (var tries = 0; tries < NodePorts; tries++)
            {
                var port = FirstNodePort + (nextPort++ % NodePorts);
                if (!used.Contains(port))
                {
                    return port;
                }
            }
        }

        throw new Kube.KubeException(500, "InternalError", "Internal error occurred: failed to allocate a nodePort: range is full");
    }
}
