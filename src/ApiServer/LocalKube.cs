using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Rest;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer;

/// <summary>The conversation with the API inside its own process: the same verbs, authorization and admission as over HTTP, without the wire.</summary>
public sealed class LocalKube(ObjectApi api, Caller caller) : IKube
{
    /// <summary>The same API as somebody else: <c>As("system:serviceaccount:default:builder", "system:serviceaccounts")</c>.</summary>
    public LocalKube As(string userName, params IReadOnlyList<string> groups) => new(api, new Caller(userName, [.. groups, "system:authenticated"]));

    public async Task<JsonObject> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken)
    {
        var target = api.Target(type, ns, name);
        return ObjectApi.As(await api.Reads.GetAsync(caller, target, "", cancellationToken), target);
    }

    public async Task<ObjectList> ListAsync(ResourceType type, string? ns, ListQuery query, CancellationToken cancellationToken)
    {
        var target = api.Target(type, ns, null);
        var page = await api.Reads.ListAsync(caller, target, new ReadOptions(query.LabelSelector, query.FieldSelector), cancellationToken);
        return new ObjectList(page.Revision.ToString(), [.. page.Items.Select(item => ObjectApi.As(item, target))]);
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        ResourceType type, string? ns, WatchQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var target = api.Target(type, ns, null);
        var options = new ReadOptions(query.LabelSelector, query.FieldSelector) { ResourceVersion = query.ResourceVersion, AllowWatchBookmarks = true };
        await foreach (var notice in api.Reads.WatchAsync(caller, target, options, cancellationToken))
        {
            yield return new WatchEvent(notice.Type, notice.Object is { } one ? ObjectApi.As(one, target) : Bookmark(target, notice));
        }
    }

    public async Task<JsonObject> CreateAsync(
        ResourceType type, string? ns, JsonObject manifest, CancellationToken cancellationToken, string? name = null, string? subresource = null)
    {
        var target = api.Target(type, ns ?? manifest.Namespace(), subresource is null ? null : name, subresource);
        return subresource is not null || target.Kind.Answer is not null
            ? await api.Writes.AnswerAsync(caller, target, "create", manifest, WriteOptions.Default, cancellationToken)
            : ObjectApi.As(await api.Writes.CreateAsync(caller, target, manifest, WriteOptions.Default, cancellationToken), target);
    }

    public async Task<JsonObject> UpdateAsync(ResourceType type, JsonObject manifest, CancellationToken cancellationToken, string? subresource = null)
    {
        var target = api.Target(type, manifest.Namespace(), manifest.Name(), subresource);
        return target.Subresource is null or "status"
            ? ObjectApi.As(await api.Writes.UpdateAsync(caller, target, manifest, WriteOptions.Default, cancellationToken), target)
            : await api.Writes.AnswerAsync(caller, target, "update", manifest, WriteOptions.Default, cancellationToken);
    }

    public async Task<JsonObject> PatchAsync(ResourceType type, ObjectKey key, Patch patch, CancellationToken cancellationToken, string? subresource = null)
    {
        var target = api.Target(type, key.Namespace, key.Name, subresource);
        var options = new WriteOptions(FieldManager: patch.FieldManager, Force: patch.Force);
        return target.Subresource is null or "status"
            ? ObjectApi.As((await api.Patches.PatchAsync(caller, target, patch.Kind, patch.Body, options, cancellationToken)).Object, target)
            : await api.Writes.AnswerAsync(caller, target, "patch", patch.Body as JsonObject, options, cancellationToken);
    }

    public async Task DeleteAsync(ResourceType type, ObjectKey key, DeleteQuery query, CancellationToken cancellationToken) =>
        await api.Deletes.DeleteAsync(
            caller, api.Target(type, key.Namespace, key.Name), new DeleteOptions(query.Uid, null, query.Propagation, query.GracePeriodSeconds), cancellationToken);

    private static JsonObject Bookmark(Target target, WatchNotice notice) => new()
    {
        ["kind"] = target.Type.Kind,
        ["apiVersion"] = target.Type.ApiVersion,
        ["metadata"] = new JsonObject { ["resourceVersion"] = notice.Revision.ToString() },
    };
}
