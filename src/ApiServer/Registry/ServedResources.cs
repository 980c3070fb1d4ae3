using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Registry;

/// <summary>
/// What the API serves right now: the built-in kinds and one entry per served version of every CustomResourceDefinition, Tekton's own included.
/// Readers see a snapshot that definitions replace as a whole; any thread may call.
/// </summary>
public sealed class ServedResources
{
    private readonly Lock gate = new();
    private ImmutableDictionary<string, IReadOnlyList<ServedResource>> custom = ImmutableDictionary<string, IReadOnlyList<ServedResource>>.Empty;

    /// <summary>Starts with the built-in kinds and Tekton's.</summary>
    public ServedResources()
    {
        foreach (var definition in TektonDefinitions.All)
        {
            Define(definition);
        }

        Current = Snapshot();
    }

    /// <summary>The served resources of this moment, in the order of discovery.</summary>
    public ResourceSnapshot Current { get; private set; }

    /// <summary>Serves what a definition declares, in place of what it declared before.</summary>
    public void Define(JsonObject definition)
    {
        lock (gate)
        {
            custom = custom.SetItem(definition.Name(), CustomResources.Of(definition));
            Current = Snapshot();
        }
    }

    /// <summary>No longer serves what a definition declared.</summary>
    public void Remove(string definitionName)
    {
        lock (gate)
        {
            custom = custom.Remove(definitionName);
            Current = Snapshot();
        }
    }

    private ResourceSnapshot Snapshot() => new([.. BuiltinResources.All, .. custom.OrderBy(pair => pair.Key, StringComparer.Ordinal).SelectMany(pair => pair.Value)]);
}
