using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Golden.Triggers;

/// <summary>A created object as the recordings show it: without what the server adds, and without a name that chance made.</summary>
internal static class CreatedObject
{
    public static JsonObject AsRecorded(JsonObject created)
    {
        created = created.Copy();
        var metadata = created.Ensure("metadata");
        foreach (var removed in (string[])["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"])
        {
            metadata.Remove(removed);
        }

        if (metadata.ContainsKey("generateName"))
        {
            metadata.Remove("name");
        }

        return created;
    }
}
