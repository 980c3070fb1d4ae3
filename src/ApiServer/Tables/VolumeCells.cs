using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Tables;

/// <summary>Cells of volumes and claims.</summary>
internal static class VolumeCells
{
    public static string Status(JsonObject item) => item.IsBeingDeleted() ? "Terminating" : item.Text("status", "phase") ?? "";

    public static string ClaimCapacity(JsonObject claim) => IsBound(claim) ? claim.Text("status", "capacity", "storage") ?? "" : "";

    public static string ClaimModes(JsonObject claim) => IsBound(claim) ? Modes(claim["status"]) : "";

    public static string Claim(JsonObject volume) =>
        volume.Object("spec", "claimRef") is { } claim ? $"{claim.Text("namespace")}/{claim.Text("name")}" : "";

    public static string Modes(JsonNode? holder) => string.Join(',', holder.Items("accessModes").Select(mode => mode.Text() switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        var other => other,
    }));

    private static bool IsBound(JsonObject claim) => !string.IsNullOrEmpty(claim.Text("spec", "volumeName"));
}
