using System.Text.Json.Nodes;
using Hikigane.Resources;

namespace Hikigane.Kube;

/// <summary>
/// The one conversation: how anything that has state talks to an API. Two implementations: over HTTP (<c>HttpKube</c>),
/// and in the process of the embedded API server (<c>LocalKube</c>), with the same authorization, admission and errors.
/// A failure is a <see cref="KubeException"/>. Cancelling gives up waiting; a write may still have happened.
/// Objects that are returned or watched may be shared: copy before changing.
/// </summary>
public interface IKube
{
    public Task<JsonObject> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken);

    /// <summary>Lists a namespace, or all of them when <paramref name="ns"/> is null.</summary>
    public Task<ObjectList> ListAsync(ResourceType type, string? ns, ListQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// Changes after <see cref="WatchQuery.ResourceVersion"/>, in order, without gaps. Ends when the server ends it; throws a
    /// <see cref="KubeException"/> with code 410 when the version is too old: list again.
    /// </summary>
    public IAsyncEnumerable<WatchEvent> WatchAsync(ResourceType type, string? ns, WatchQuery query, CancellationToken cancellationToken);

    /// <summary>Creates an object or, where <paramref name="subresource"/> is given, posts to it (<c>pods/binding</c>, <c>serviceaccounts/token</c>).</summary>
    public Task<JsonObject> CreateAsync(ResourceType type, string? ns, JsonObject manifest, CancellationToken cancellationToken, string? name = null, string? subresource = null);

    public Task<JsonObject> UpdateAsync(ResourceType type, JsonObject manifest, CancellationToken cancellationToken, string? subresource = null);

    public Task<JsonObject> PatchAsync(ResourceType type, ObjectKey key, Patch patch, CancellationToken cancellationToken, string? subresource = null);

    public Task DeleteAsync(ResourceType type, ObjectKey key, DeleteQuery query, CancellationToken cancellationToken);
}

/// <summary>Selectors of a list, in the API's own syntax.</summary>
public sealed record ListQuery(string? LabelSelector = null, string? FieldSelector = null)
{
    public static readonly ListQuery All = new();
}

/// <summary>Where a watch starts, and what it lets through.</summary>
public sealed record WatchQuery(string ResourceVersion, string? LabelSelector = null, string? FieldSelector = null);

/// <summary>Options of a delete.</summary>
/// <param name="Propagation"><c>Background</c>, <c>Foreground</c> or <c>Orphan</c>; null: the kind's default.</param>
public sealed record DeleteQuery(string? Uid = null, string? Propagation = null, long? GracePeriodSeconds = null)
{
    public static readonly DeleteQuery Default = new();
}

/// <summary>A list with the revision it was read at.</summary>
public sealed record ObjectList(string ResourceVersion, IReadOnlyList<JsonObject> Items);

/// <summary>Kind of a patch; the media type decides on the wire.</summary>
public enum PatchKind
{
    Merge,
    Json,
    Strategic,
    Apply,
}

/// <summary>A patch. Apply needs a field manager.</summary>
public sealed record Patch(PatchKind Kind, JsonNode Body, string? FieldManager = null, bool Force = false);

/// <summary>Type of a watch event.</summary>
public enum WatchEventType
{
    Added,
    Modified,
    Deleted,
    Bookmark,
}

/// <summary>One change. The object of a deletion is its last state, with the revision of the deletion.</summary>
public sealed record WatchEvent(WatchEventType Type, JsonObject Object);
