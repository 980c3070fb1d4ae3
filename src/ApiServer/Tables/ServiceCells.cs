using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Tables;

/// <summary>Cells of services and of what stands behind them.</summary>
internal static class ServiceCells
{
    private const int Shown = 3;

    public static string ExternalAddress(JsonObject service)
    {
        var external = service.Items("spec", "externalIPs").Select(item => item.Text()).ToList();
        switch (service.Text("spec", "type"))
        {
            case "ExternalName":
                return service.Text("spec", "externalName") ?? "";
            case "LoadBalancer":
                var ingress = service.Objects("status", "loadBalancer", "ingress").Select(item => item.Text("ip") ?? item.Text("hostname"));
                var all = string.Join(',', ingress.Concat(external));
                return all.Length > 0 ? all : "<pending>";
            default:
                return BuiltinColumns.None(string.Join(',', external));
        }
    }

    public static string Ports(JsonObject service) => BuiltinColumns.None(string.Join(',', service.Objects("spec", "ports").Select(port =>
        port.Integer("nodePort") is { } node and not 0
            ? $"{port.Integer("port")}:{node}/{port.Text("protocol") ?? "TCP"}"
            : $"{port.Integer("port")}/{port.Text("protocol") ?? "TCP"}")));

    public static string Endpoints(JsonObject endpoints) => Some(
        from subset in endpoints.Objects("subsets")
        from port in subset.Objects("ports").DefaultIfEmpty()
        from address in subset.Objects("addresses")
        select port is null ? address.Text("ip") : $"{address.Text("ip")}:{port.Integer("port")}");

    public static string SlicePorts(JsonObject slice) => Unset(slice.Objects("ports").Select(port => port.Integer("port") is { } number ? $"{number}" : "*"));

    public static string SliceEndpoints(JsonObject slice) =>
        Unset(slice.Objects("endpoints").SelectMany(endpoint => endpoint.Items("addresses")).Select(address => address.Text()));

    private static string Unset(IEnumerable<string?> values)
    {
        var shown = Some(values);
        return shown == "<none>" ? "<unset>" : shown;
    }

    private static string Some(IEnumerable<string?> values)
    {
        var all = values.ToList();
        var shown = string.Join(',', all.Take(Shown));
        return all.Count == 0 ? "<none>" : all.Count > Shown ? $"{shown} + {all.Count - Shown} more..." : shown;
    }
}
