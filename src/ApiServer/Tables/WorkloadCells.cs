using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Tables;

/// <summary>Wide cells of what runs pods.</summary>
internal static class WorkloadCells
{
    public static string Containers(JsonObject item) => Join(item, "name");

    public static string Images(JsonObject item) => Join(item, "image");

    public static string Selector(JsonObject item) => BuiltinColumns.Map(item.Object("spec", "selector", "matchLabels"));

    public static string ReadinessGates(JsonObject pod)
    {
        var gates = pod.Objects("spec", "readinessGates").ToList();
        var met = gates.Count(gate => pod.Condition(gate.Text("conditionType") ?? "").Text("status") == "True");
        return gates.Count == 0 ? "<none>" : $"{met}/{gates.Count}";
    }

    private static string Join(JsonObject item, string field) =>
        string.Join(',', item.Objects("spec", "template", "spec", "containers").Select(container => container.Text(field)));
}
