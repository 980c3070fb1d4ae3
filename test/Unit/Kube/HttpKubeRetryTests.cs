using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Hikigane.Unit.Kube;

/// <summary>The client against a server that answers as told.</summary>
public sealed class HttpKubeRetryTests : IAsyncLifetime
{
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;
    private readonly List<string> asked = [];
    private WebApplication app = null!;
    private Func<HttpContext, Task> answer = _ => Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(http =>
        {
            asked.Add(http.Request.Method + " " + http.Request.Path + http.Request.QueryString);
            return answer(http);
        });
        await app.StartAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    [Fact]
    public async Task What_the_server_wants_later_is_asked_again_later()
    {
        answer = http => asked.Count < 3 ? RefuseAsync(http, 429, retryAfter: "0") : OkAsync(http);
        using var kube = new HttpKube(Connection());

        var created = await kube.CreateAsync(Kinds.ConfigMap, "default", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "x" } }, cancellationToken);

        Assert.Equal("x", created.Name());
        Assert.Equal(3, asked.Count);
    }

    [Fact]
    public async Task Without_a_word_about_when_a_refusal_stands()
    {
        answer = http => RefuseAsync(http, 500, retryAfter: null);
        using var kube = new HttpKube(Connection());

        await Assert.ThrowsAsync<KubeException>(() => kube.GetAsync(Kinds.ConfigMap, "default", "x", cancellationToken));

        Assert.Single(asked);
    }

    [Fact]
    public async Task A_token_that_is_not_taken_any_more_is_asked_for_anew_once()
    {
        var token = "old";
        answer = http => http.Request.Headers.Authorization == "Bearer new" ? OkAsync(http) : RefuseAsync(http, 401, retryAfter: null);
        using var kube = new HttpKube(Connection() with { Token = _ => ValueTask.FromResult<string?>(token), Forget = () => token = "new" });

        Assert.Equal("x", (await kube.GetAsync(Kinds.ConfigMap, "default", "x", cancellationToken)).Name());
        token = "worse";
        using var stubborn = new HttpKube(Connection() with { Token = _ => ValueTask.FromResult<string?>(token), Forget = () => { } });
        Assert.Equal(401, (await Assert.ThrowsAsync<KubeException>(() => stubborn.GetAsync(Kinds.ConfigMap, "default", "x", cancellationToken))).Code);
    }

    [Fact]
    public async Task A_list_whose_pages_are_gone_is_read_whole()
    {
        answer = http => http.Request.Query.ContainsKey("continue") ? RefuseAsync(http, 410, retryAfter: null)
            : ListAsync(http, http.Request.Query.ContainsKey("limit") ? "next" : "");
        using var kube = new HttpKube(Connection());

        var list = await kube.ListAsync(Kinds.ConfigMap, "default", ListQuery.All, cancellationToken);

        Assert.Equal("x", Assert.Single(list.Items).Name());
        Assert.Equal(3, asked.Count);
    }

    [Fact]
    public async Task An_exec_plugin_is_asked_once_and_again_when_its_token_was_refused()
    {
        var directory = Directory.CreateTempSubdirectory("hikigane-exec-").FullName;
        try
        {
            var plugin = Path.Combine(directory, "plugin.sh");
            await File.WriteAllTextAsync(
                plugin, "#!/bin/sh\necho run >> \"$1\"\nn=$(wc -l < \"$1\" | tr -d ' ')\necho '{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"t'$n'\"}}'\n", cancellationToken);
            File.SetUnixFileMode(plugin, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var file = Path.Combine(directory, "kubeconfig");
            await File.WriteAllTextAsync(
                file,
                $"""
                current-context: c
                contexts:
                - name: c
                  context:
                    cluster: c
                    user: u
                clusters:
                - name: c
                  cluster:
                    server: {app.Urls.First()}
                users:
                - name: u
                  user:
                    exec:
                      apiVersion: client.authentication.k8s.io/v1
                      command: ./plugin.sh
                      args:
                      - {directory}/runs
                """, cancellationToken);
            answer = http => http.Request.Headers.Authorization == "Bearer t2" ? OkAsync(http) : RefuseAsync(http, 401, retryAfter: null);
            using var kube = new HttpKube(Kubeconfig.Load(file));

            await kube.GetAsync(Kinds.ConfigMap, "default", "x", cancellationToken);
            await kube.GetAsync(Kinds.ConfigMap, "default", "x", cancellationToken);

            Assert.Equal(2, (await File.ReadAllLinesAsync(Path.Combine(directory, "runs"), cancellationToken)).Length);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private KubeConnection Connection() => new() { Server = new Uri(app.Urls.First()) };

    private static Task OkAsync(HttpContext http) => WriteAsync(http, """{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}""");

    private static Task ListAsync(HttpContext http, string next) => WriteAsync(
        http, $$$"""{"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {"resourceVersion": "7", "continue": "{{{next}}}"}, "items": [{"metadata": {"name": "x"}}]}""");

    private static Task RefuseAsync(HttpContext http, int code, string? retryAfter)
    {
        http.Response.StatusCode = code;
        if (retryAfter is not null)
        {
            http.Response.Headers.RetryAfter = retryAfter;
        }

        return WriteAsync(http, new KubeException(code, "Reason", "no").ToStatus().ToJsonString());
    }

    private static Task WriteAsync(HttpContext http, string text)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(text, Encoding.UTF8, http.RequestAborted);
    }
}
