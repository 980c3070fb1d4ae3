using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Registry;

/// <summary>The status of a CustomResourceDefinition: served from the moment it is stored, so accepted and established at once.</summary>
internal static class DefinitionStatus
{
    public static void Fill(JsonObject definition, string now)
    {
        var status = definition.Ensure("status");
        status["acceptedNames"] = definition.Object("spec", "names")?.Copy() ?? [];
        if (definition.Condition("Established") is null)
        {
            status["conditions"] = new JsonArray(
                Condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
                Condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now));
        }

        var stored = status.Items("storedVersions").Select(item => item.Text()).OfType<string>().ToList();
        foreach (var version in definition.Objects("spec", "versions").Where(version => version.Flag("storage")))
        {
            if (version.Text("name") is { } name && !stored.Contains(name))
            {
                stored.Add(name);
            }
        }

        status["storedVersions"] = new JsonArray([.. stored.Select(name => (JsonNode)name)]);
    }

    private static JsonObject Condition(string type, string reason, string message, string now) => new()
    {
        ["lastTransitionTime"] = now,
        ["message"] = message,
        ["reason"] = reason,
        ["status"] = "True",
        ["type"] = type,
    };
}
