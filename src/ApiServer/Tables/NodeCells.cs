using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Tables;

/// <summary>Cells of a node.</summary>
internal static class NodeCells
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public static string Status(JsonObject node)
    {
        var ready = node.Condition("Ready").Text("status") switch
        {
            "True" => "Ready",
            null => "Unknown",
            _ => "NotReady",
        };
        return node.Flag("spec", "unschedulable") ? $"{ready},SchedulingDisabled" : ready;
    }

    public static string Roles(JsonObject node) => BuiltinColumns.None(string.Join(',', (node.Object("metadata", "labels") ?? [])
        .Select(label => label.Key).Where(key => key.StartsWith(RolePrefix, StringComparison.Ordinal) && key.Length > RolePrefix.Length)
        .Select(key => key[RolePrefix.Length..]).Order(StringComparer.Ordinal)));

    public static string Address(JsonObject node, string type) =>
        BuiltinColumns.None(node.Objects("status", "addresses").FirstOrDefault(address => address.Text("type") == type).Text("address"));
}
