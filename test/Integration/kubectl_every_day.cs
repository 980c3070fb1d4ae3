using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Integration;

/// <summary>What people type beside the walkthrough, with the newest kubectl of this machine.</summary>
public sealed class KubectlEveryDay(RunningPlane running) : IClassFixture<RunningPlane>
{
    private const string Sleeper = """
        apiVersion: v1
        kind: Pod
        metadata: {name: sleeper}
        spec:
          containers:
          - name: main
            image: busybox
            command: [sh, -c, "i=0; while [ $i -lt 600 ]; do echo tick $i; i=$((i+1)); sleep 0.1; done"]
        """;

    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;
    private Kubectl kubectl = null!;

    [Fact]
    public async Task A_pod_is_attached_to_debugged_and_evicted()
    {
        await UseAsync("day-pod");
        Assert.Equal(0, (await kubectl.ApplyAsync(Sleeper)).ExitCode);
        await kubectl.RunAsync("wait", "--for=condition=Ready", "pod/sleeper", "--timeout=30s");

        using (var attached = kubectl.Start("attach", "sleeper"))
        {
            string? line;
            do
            {
                line = await attached.StandardOutput.ReadLineAsync(cancellationToken);
            }
            while (line is not null && !line.StartsWith("tick", StringComparison.Ordinal));

            attached.Kill();
            Assert.NotNull(line);
        }

        Assert.Equal("inside\n", await kubectl.RunAsync("exec", "sleeper", "--", "sh", "-c", "echo inside"));
        var (code, text) = await kubectl.TryAsync("exec", "sleeper", "--", "sh", "-c", "echo out; exit 3");
        Assert.Equal((3, "out\ncommand terminated with exit code 3\n"), (code, text));

        await RawAsync("PATCH-ephemeral", """{"spec":{"ephemeralContainers":[{"name":"look","image":"busybox"}]}}""");
        Assert.Equal("look", await kubectl.RunAsync("get", "pod", "sleeper", "-o", "jsonpath={.spec.ephemeralContainers[0].name}"));

        await RawAsync("POST-eviction", """{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"sleeper"},"deleteOptions":{"gracePeriodSeconds":0}}""");
        await kubectl.RunAsync("wait", "--for=delete", "pod/sleeper", "--timeout=30s");
    }

    [Fact]
    public async Task Events_are_the_same_by_both_of_their_names()
    {
        await UseAsync("day-events");
        Assert.Equal(0, (await kubectl.ApplyAsync(Sleeper)).ExitCode);
        await kubectl.RunAsync("wait", "--for=condition=Ready", "pod/sleeper", "--timeout=30s");

        var core = JsonNode.Parse(await kubectl.RunAsync("get", "events", "-o", "json", "--field-selector", "reason=Scheduled"));
        var other = JsonNode.Parse(await kubectl.RunAsync("get", "events.events.k8s.io", "-o", "json", "--field-selector", "reason=Scheduled"));

        var (old, young) = (Assert.Single(core.Objects("items")), Assert.Single(other.Objects("items")));
        Assert.Equal(old.Uid(), young.Uid());
        Assert.Equal(old.Text("message"), young.Text("note"));
        Assert.Equal("Pod", young.Text("regarding", "kind"));
    }

    [Fact]
    public async Task Explain_knows_the_fields_of_Tekton_and_a_typo_is_refused_by_its_place()
    {
        await UseAsync("day-explain");

        Assert.Contains("onError\t<string>", await kubectl.RunAsync("explain", "task.spec.steps"), StringComparison.Ordinal);
        Assert.Contains("pipeline\t<string>", await kubectl.RunAsync("explain", "pipelinerun.spec.timeouts"), StringComparison.Ordinal);
        Assert.Contains("serviceAccountName\t<string>", await kubectl.RunAsync("explain", "eventlistener.spec"), StringComparison.Ordinal);
        var (code, text) = await kubectl.ApplyAsync("{apiVersion: tekton.dev/v1, kind: Task, metadata: {name: x}, spec: {steps: [{image: i, scirpt: a}]}}");
        Assert.Equal(1, code);
        Assert.Contains("strict decoding error: unknown field \"spec.steps[0].scirpt\"", text, StringComparison.Ordinal);
    }

    private async Task UseAsync(string ns)
    {
        var path = await Tool.KubectlAsync(cancellationToken);
        Assert.SkipWhen(path is null, "no kubectl on the PATH, and Debian's kubernetes-client cannot be installed here");
        kubectl = running.Kubectl(path!, ns, cancellationToken);
        await kubectl.RunAsync("create", "namespace", ns);
    }

    /// <summary>Subresources that no plain command writes to.</summary>
    private async Task RawAsync(string what, string body)
    {
        var pods = $"api/v1/namespaces/{kubectl.Namespace}/pods/sleeper";
        var (method, path, mediaType) = what == "POST-eviction"
            ? (HttpMethod.Post, $"{pods}/eviction", "application/json")
            : (HttpMethod.Patch, $"{pods}/ephemeralcontainers", "application/strategic-merge-patch+json");
        using var client = running.AdminClient();
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, mediaType) };
        using var response = await client.SendAsync(request, cancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }
}
