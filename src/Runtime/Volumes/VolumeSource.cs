using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Volumes;

/// <summary>Where files of a volume come from: a kind of source in a pod's <c>volumes</c>, and the name of the object there.</summary>
/// <param name="Kind">As in the pod; empty: whatever we write files of.</param>
/// <param name="Name">Empty for what has no object of its own.</param>
internal readonly record struct VolumeSource(string Kind, string Name)
{
    public const string ConfigMap = "configMap";
    public const string Secret = "secret";

    /// <summary>The pod itself.</summary>
    public static readonly VolumeSource Pod = new("downwardAPI", "");

    public static readonly VolumeSource Any = new("", "");

    /// <summary>Whether a pod mounts it.</summary>
    public bool IsIn(JsonObject pod)
    {
        foreach (var volume in pod.Objects("spec", "volumes"))
        {
            if (IsOf(volume))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a volume, or one part of a projected one, comes from it.</summary>
    public bool IsOf(JsonObject volume)
    {
        foreach (var part in volume.Objects("projected", "sources"))
        {
            if (Is(part))
            {
                return true;
            }
        }

        return Is(volume);
    }

    private bool Is(JsonObject part) => Kind switch
    {
        "" => part[ConfigMap] is not null || part[Secret] is not null || part["downwardAPI"] is not null || part["serviceAccountToken"] is not null,
        Secret => part.Object(Secret) is { } secret && (secret.Text("secretName") ?? secret.Text("name")) == Name,
        ConfigMap => part.Object(ConfigMap) is { } configMap && configMap.Text("name") == Name,
        _ => part[Kind] is not null,
    };
}
