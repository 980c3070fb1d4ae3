using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Tables;

/// <summary>The used-of-hard cells of a resource quota.</summary>
internal static class QuotaCells
{
    public static string Used(JsonObject quota, bool limits) => string.Join(", ", (quota.Object("status", "hard") ?? [])
        .Where(hard => hard.Key.StartsWith("limits.", StringComparison.Ordinal) == limits)
        .OrderBy(hard => hard.Key, StringComparer.Ordinal)
        .Select(hard => $"{hard.Key}: {quota.Text("status", "used", hard.Key) ?? "0"}/{hard.Value.Text()}"));
}
