using System.Text.Json.Nodes;
using Hikigane.Resources;

namespace Hikigane.ApiServer.Store;

/// <summary>Where an object is stored: <c>plural.group</c> and its name. All served versions of a kind share it.</summary>
public readonly record struct StoreKey(string Resource, string Namespace, string Name)
{
    public ObjectKey Object => new(Namespace, Name);
}

/// <summary>One version of an object, never changed: its bytes as they go over the wire, and the same parsed. Any thread may read.</summary>
public sealed class StoredObject(StoreKey key, long revision, ReadOnlyMemory<byte> json)
{
    private JsonObject? parsed;

    public StoreKey Key { get; } = key;

    public long Revision { get; } = revision;

    /// <summary>UTF-8 JSON in the storage version, with <c>metadata.resourceVersion</c>.</summary>
    public ReadOnlyMemory<byte> Json { get; } = json;

    /// <summary>The object parsed once and shared: copy before changing.</summary>
    public JsonObject Object => parsed ??= (JsonObject)JsonNode.Parse(Json.Span)!;
}

/// <summary>One entry of the revision log. A deletion's <see cref="After"/> is the last state with the revision of the deletion.</summary>
public sealed record StoreChange(long Revision, StoreKey Key, StoredObject? Before, StoredObject After, bool IsDeletion)
{
    private byte[]? added;
    private byte[]? modified;
    private byte[]? deleted;

    /// <summary>The watch event line, encoded once for all watchers.</summary>
    public ReadOnlyMemory<byte> Line(Kube.WatchEventType type) => type switch
    {
        Kube.WatchEventType.Added => added ??= Encode("ADDED"u8, After),
        Kube.WatchEventType.Modified => modified ??= Encode("MODIFIED"u8, After),
        _ => deleted ??= Encode("DELETED"u8, After),
    };

    internal static byte[] Encode(ReadOnlySpan<byte> type, StoredObject one)
    {
        var json = one.Json.Span;
        return [.. "{\"type\":\""u8, .. type, .. "\",\"object\":"u8, .. json, .. "}\n"u8];
    }
}
