using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Kube;

/// <summary>Objects by the UID of their controller. One thread writes; any thread reads.</summary>
internal sealed class OwnerIndex
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<ObjectKey, JsonObject>> owned = new();

    public IEnumerable<JsonObject> Of(string uid) => owned.TryGetValue(uid, out var children) ? children.Values : [];

    /// <summary>An object that appeared, changed, or went.</summary>
    public void Set(ObjectKey key, JsonObject? before, JsonObject? after)
    {
        var (left, found) = (Owner(before), Owner(after));
        if (left is not null && left != found && owned.TryGetValue(left, out var children))
        {
            children.TryRemove(key, out _);
            if (children.IsEmpty)
            {
                owned.TryRemove(left, out _);
            }
        }

        if (found is not null)
        {
            owned.GetOrAdd(found, static _ => new ConcurrentDictionary<ObjectKey, JsonObject>(1, 4))[key] = after!;
        }
    }

    private static string? Owner(JsonObject? one) => one?.ControllerOwner().Text("uid");
}
