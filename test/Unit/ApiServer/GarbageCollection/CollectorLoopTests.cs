using System.Text.Json.Nodes;
using Hikigane.ApiServer.GarbageCollection;
using Hikigane.Kit;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.ApiServer.GarbageCollection;

public sealed class CollectorLoopTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static JsonObject ConfigMap(string name, JsonObject? owner = null)
    {
        var manifest = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = name },
        };
        if (owner is not null)
        {
            manifest.Ensure("metadata")["ownerReferences"] = new JsonArray(owner.OwnerReference());
        }

        return manifest;
    }

    private static async Task RunAsync(Func<EmbeddedApi, Task> test)
    {
        await using var api = await EmbeddedApi.InMemory(new FakeTimeProvider());
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var loop = new CollectorLoop(api.Api, NullLogger<CollectorLoop>.Instance).RunAsync(stopping.Token);
        await test(api);
        await stopping.CancelAsync();
        await loop;
    }

    private static async Task GoneAsync(EmbeddedApi api, ResourceType type, string ns, string name, string from)
    {
        await foreach (var change in api.Kube.WatchAsync(type, ns, new WatchQuery(from), Token))
        {
            if (change.Type == WatchEventType.Deleted && change.Object.Name() == name)
            {
                return;
            }
        }
    }

    [Theory]
    [InlineData("Background")]
    [InlineData("Foreground")]
    public Task What_is_owned_goes_with_its_owner(string propagation) => RunAsync(async api =>
    {
        var owner = await api.Kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap("owner"), Token);
        await api.Kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap("child", owner), Token);
        var from = (await api.Kube.ListAsync(Kinds.ConfigMap, null, ListQuery.All, Token)).ResourceVersion;

        await api.Kube.DeleteAsync(Kinds.ConfigMap, owner.Key(), new DeleteQuery(Propagation: propagation), Token);

        await GoneAsync(api, Kinds.ConfigMap, "default", "child", from);
        await GoneAsync(api, Kinds.ConfigMap, "default", "owner", from);
    });

    [Fact]
    public Task An_orphan_stays_without_its_owner() => RunAsync(async api =>
    {
        var owner = await api.Kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap("owner"), Token);
        await api.Kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap("child", owner), Token);
        var from = (await api.Kube.ListAsync(Kinds.ConfigMap, null, ListQuery.All, Token)).ResourceVersion;

        await api.Kube.DeleteAsync(Kinds.ConfigMap, owner.Key(), new DeleteQuery(Propagation: "Orphan"), Token);

        await GoneAsync(api, Kinds.ConfigMap, "default", "owner", from);
        Assert.Null((await api.Kube.GetAsync(Kinds.ConfigMap, "default", "child", Token)).At("metadata", "ownerReferences"));
    });

    [Fact]
    public Task A_namespace_goes_when_it_is_empty() => RunAsync(async api =>
    {
        await api.Kube.CreateAsync(Kinds.Namespace, null, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "team" } }, Token);
        await api.Kube.CreateAsync(Kinds.ConfigMap, "team", ConfigMap("a"), Token);
        var from = (await api.Kube.ListAsync(Kinds.ConfigMap, null, ListQuery.All, Token)).ResourceVersion;

        await api.Kube.DeleteAsync(Kinds.Namespace, new ObjectKey("", "team"), DeleteQuery.Default, Token);

        await GoneAsync(api, Kinds.Namespace, "", "team", from);
        var refusal = await Assert.ThrowsAsync<KubeException>(() => api.Kube.CreateAsync(Kinds.ConfigMap, "team", ConfigMap("b"), Token));
        Assert.Equal("namespaces \"team\" not found", refusal.Message);
    });
}
