using Hikigane.ApiServer;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Resources;
using System.Text.Json.Nodes;

namespace Hikigane.Kit;

/// <summary>
/// An API in memory, with the namespaces that every cluster has.
/// <code>
/// await using var api = await EmbeddedApi.InMemory(time);
/// await api.Kube.CreateAsync(Kinds.ConfigMap, "default", manifest, default);
/// </code>
/// </summary>
public sealed class EmbeddedApi : IAsyncDisposable
{
    private EmbeddedApi(ObjectApi api)
    {
        Api = api;
        Kube = new LocalKube(api, Caller.System);
    }

    public ObjectApi Api { get; }

    /// <summary>A client that may do everything; <see cref="LocalKube.As"/> gives one that may not.</summary>
    public LocalKube Kube { get; }

    public static Task<EmbeddedApi> InMemory(TimeProvider time) => On(new MemoryStore(), time);

    public static async Task<EmbeddedApi> On(IStore store, TimeProvider time)
    {
        var api = new EmbeddedApi(new ObjectApi(store, ServedKinds.Named(), time));
        await api.Api.BootstrapAsync(CancellationToken.None);
        return api;
    }

    /// <summary>Creates an object, where its namespace and kind say.</summary>
    public Task<JsonObject> CreateAsync(ResourceType type, JsonObject manifest) => Kube.CreateAsync(type, null, manifest, CancellationToken.None);

    public ValueTask DisposeAsync() => Api.Store.DisposeAsync();
}
