using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Hikigane.ApiServer;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Unit.Kube;

/// <summary>The client over HTTP against the embedded server on loopback.</summary>
public sealed class HttpKubeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static JsonObject ConfigMap(string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["data"] = new JsonObject { ["a"] = "1" },
    };

    private static Task<ApiServerHost> StartAsync(ServingCertificates? certificates = null) => ApiServerHost.StartAsync(
        new ObjectApi(new MemoryStore(), ServedKinds.Named(), TimeProvider.System), new ApiHooks(), new ApiServerOptions { Certificates = certificates }, _ => { }, Token);

    [Fact]
    public async Task Objects_go_there_and_back()
    {
        await using var host = await StartAsync();
        using var kube = new HttpKube(new KubeConnection { Server = new Uri(host.Address) });

        var created = await kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap("a"), Token);
        var patched = await kube.PatchAsync(Kinds.ConfigMap, created.Key(), new Patch(PatchKind.Merge, JsonNode.Parse("""{"data":{"b":"2"}}""")!), Token);
        var list = await kube.ListAsync(Kinds.ConfigMap, null, ListQuery.All, Token);
        await kube.DeleteAsync(Kinds.ConfigMap, created.Key(), DeleteQuery.Default, Token);
        var refusal = await Assert.ThrowsAsync<KubeException>(() => kube.GetAsync(Kinds.ConfigMap, "default", "a", Token));

        Assert.Equal("2", patched.Text("data", "b"));
        Assert.Equal(patched.ToJsonString(), Assert.Single(list.Items).ToJsonString());
        Assert.Equal("configmaps \"a\" not found", refusal.Message);
        Assert.True(refusal.IsNotFound);
    }

    [Fact]
    public async Task A_watch_streams_changes()
    {
        await using var host = await StartAsync();
        using var kube = new HttpKube(new KubeConnection { Server = new Uri(host.Address) });
        var list = await kube.ListAsync(Kinds.ConfigMap, "default", ListQuery.All, Token);
        await using var watch = kube.WatchAsync(Kinds.ConfigMap, "default", new WatchQuery(list.ResourceVersion), Token).GetAsyncEnumerator(Token);
        var next = watch.MoveNextAsync().AsTask();

        await kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap("a"), Token);

        Assert.True(await next);
        Assert.Equal(WatchEventType.Added, watch.Current.Type);
        Assert.Equal("a", watch.Current.Object.Name());
    }

    [Fact]
    public async Task Requests_and_watches_share_a_connection()
    {
        var certificates = ServingCertificates.Open(null, TimeProvider.System.GetUtcNow());
        var connections = new ConcurrentDictionary<string, string>();
        var hooks = new ApiHooks
        {
            Authenticate = context =>
            {
                connections[context.Connection.Id] = context.Request.Protocol;
                return ValueTask.FromResult<Caller?>(Caller.System);
            },
        };
        var api = new ObjectApi(new MemoryStore(), ServedKinds.Named(), TimeProvider.System);
        await using var host = await ApiServerHost.StartAsync(api, hooks, new ApiServerOptions { Certificates = certificates }, _ => { }, Token);
        using var kube = new HttpKube(new KubeConnection { Server = new Uri(host.Address), SkipsVerification = true });
        await kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap("a"), Token);

        await using var first = kube.WatchAsync(Kinds.ConfigMap, "default", new WatchQuery(""), Token).GetAsyncEnumerator(Token);
        await using var second = kube.WatchAsync(Kinds.ConfigMap, "default", new WatchQuery(""), Token).GetAsyncEnumerator(Token);

        Assert.True(await first.MoveNextAsync());
        Assert.True(await second.MoveNextAsync());
        Assert.Equal("HTTP/2", Assert.Single(connections).Value);
    }

    [Fact]
    public async Task A_kubeconfig_leads_to_a_server_with_a_certificate_of_its_own()
    {
        var certificates = ServingCertificates.Open(null, TimeProvider.System.GetUtcNow());
        await using var host = await StartAsync(certificates);
        var file = Path.Combine(Path.GetTempPath(), $"kubeconfig-{Guid.NewGuid():n}");
        KubeconfigFile.Write(file, KubeconfigFile.Text(host.Address, certificates.AuthorityPem, "secret"));
        try
        {
            using var kube = new HttpKube(Kubeconfig.Load(file));

            var ns = await kube.GetAsync(Kinds.Namespace, null, "default", Token);

            Assert.Equal("Active", ns.Text("status", "phase"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_server_with_another_certificate_is_refused()
    {
        await using var host = await StartAsync(ServingCertificates.Open(null, TimeProvider.System.GetUtcNow()));
        var other = ServingCertificates.Open(null, TimeProvider.System.GetUtcNow());
        using var kube = new HttpKube(new KubeConnection { Server = new Uri(host.Address), Authorities = [other.Authority] });

        var refusal = await Assert.ThrowsAsync<KubeException>(() => kube.GetAsync(Kinds.Namespace, null, "default", Token));

        Assert.True(refusal.IsTransient);
        Assert.Equal((int)HttpStatusCode.ServiceUnavailable, refusal.Code);
    }
}
