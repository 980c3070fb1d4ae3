using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hikigane.Kit;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Server.Listener;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikigane.Unit.Server.Listener;

public sealed class ListenerCachesTests
{
    private static readonly SinkOptions Options = new() { Name = "el", Namespace = "default" };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ClusterInterceptor")]
    [InlineData("ClusterTriggerBinding")]
    [InlineData("Interceptor")]
    [InlineData("Trigger")]
    public async Task A_listener_knows_every_kind_before_its_first_event(string slow)
    {
        await using var api = await EmbeddedApi.InMemory(TimeProvider.System);
        await api.CreateAsync(Kinds.ClusterInterceptor, Named("ClusterInterceptor", "sieve"));
        var answering = new TaskCompletionSource();
        var kube = new SlowList(api.Kube, slow, answering.Task);
        await using var caches = new ListenerCaches(kube, Options, TimeProvider.System, NullLogger<ListenerCaches>.Instance);

        var synced = caches.SyncedAsync(TimeProvider.System, Stop);
        await kube.Asked;
        await kube.OthersAnswered(6);
        Assert.False(synced.IsCompleted);

        answering.SetResult();
        await synced;
        Assert.NotNull(caches.Lookups.ClusterInterceptor("sieve"));
    }

    [Fact]
    public async Task A_kind_that_may_not_be_listed_is_not_waited_for()
    {
        await using var api = await EmbeddedApi.InMemory(TimeProvider.System);
        var kube = new SlowList(api.Kube, "ClusterInterceptor", Task.FromException(new KubeException(403, "Forbidden", "no")));
        await using var caches = new ListenerCaches(kube, Options, new FrozenTime(), NullLogger<ListenerCaches>.Instance);

        await caches.SyncedAsync(new FrozenTime(), Stop);
    }

    private static JsonObject Named(string kind, string name) => new()
    {
        ["apiVersion"] = "triggers.tekton.dev/v1alpha1",
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["clientConfig"] = new JsonObject { ["url"] = "http://sieve.example" } },
    };

    /// <summary>Time that does not pass: no wait ever ends by itself.</summary>
    private sealed class FrozenTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The API, but lists of one kind wait for a task.</summary>
    private sealed class SlowList(IKube kube, string slow, Task answering) : IKube
    {
        private readonly TaskCompletionSource asked = new();
        private readonly Channel<ResourceType> others = Channel.CreateUnbounded<ResourceType>();

        public Task Asked => asked.Task;

        public async Task OthersAnswered(int count)
        {
            for (var i = 0; i < count; i++)
            {
                await others.Reader.ReadAsync(Stop);
            }
        }

        public async Task<ObjectList> ListAsync(ResourceType type, string? ns, ListQuery query, CancellationToken cancellationToken)
        {
            if (type.Kind == slow)
            {
                asked.TrySetResult();
                await answering.WaitAsync(cancellationToken);
                return await kube.ListAsync(type, ns, query, cancellationToken);
            }

            var list = await kube.ListAsync(type, ns, query, cancellationToken);
            others.Writer.TryWrite(type);
            return list;
        }

        public Task<JsonObject> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken) =>
            kube.GetAsync(type, ns, name, cancellationToken);

        public IAsyncEnumerable<WatchEvent> WatchAsync(ResourceType type, string? ns, WatchQuery query, CancellationToken cancellationToken) =>
            kube.WatchAsync(type, ns, query, cancellationToken);

        public Task<JsonObject> CreateAsync(
            ResourceType type, string? ns, JsonObject manifest, CancellationToken cancellationToken, string? name = null, string? subresource = null) =>
            kube.CreateAsync(type, ns, manifest, cancellationToken, name, subresource);

        public Task<JsonObject> UpdateAsync(ResourceType type, JsonObject manifest, CancellationToken cancellationToken, string? subresource = null) =>
            kube.UpdateAsync(type, manifest, cancellationToken, subresource);

        public Task<JsonObject> PatchAsync(ResourceType type, ObjectKey key, Patch patch, CancellationToken cancellationToken, string? subresource = null) =>
            kube.PatchAsync(type, key, patch, cancellationToken, subresource);

        public Task DeleteAsync(ResourceType type, ObjectKey key, DeleteQuery query, CancellationToken cancellationToken) =>
            kube.DeleteAsync(type, key, query, cancellationToken);
    }
}
