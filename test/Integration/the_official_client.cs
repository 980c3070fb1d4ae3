using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Hikigane.Integration;

/// <summary>The official C# client, which knows nothing of this server: what programs written with it do.</summary>
public sealed class TheOfficialClient(RunningPlane running) : IClassFixture<RunningPlane>, IDisposable
{
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;
    private readonly Kubernetes client = new(KubernetesClientConfiguration.BuildConfigFromConfigFile(running.Plane.KubeconfigPath));

    public void Dispose() => client.Dispose();

    [Fact]
    public async Task Objects_are_created_read_patched_watched_and_deleted()
    {
        var map = new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "official" }, Data = new Dictionary<string, string> { ["a"] = "1" } };

        var created = await client.CoreV1.CreateNamespacedConfigMapAsync(map, "default", cancellationToken: cancellationToken);
        var seen = new List<(WatchEventType Type, string? Value)>();
        var watching = Task.Run(async () =>
        {
            await foreach (var (type, item) in client.CoreV1.WatchListNamespacedConfigMapAsync(
                "default", fieldSelector: "metadata.name=official", cancellationToken: cancellationToken))
            {
                seen.Add((type, item.Data["a"]));
                if (type == WatchEventType.Deleted)
                {
                    return;
                }
            }
        }, cancellationToken);
        await Waits.UntilAsync(() => Task.FromResult(seen.Count > 0), cancellationToken);
        var patch = new V1Patch("""{"data":{"a":"2"}}""", V1Patch.PatchType.StrategicMergePatch);
        var patched = await client.CoreV1.PatchNamespacedConfigMapAsync(patch, "official", "default", cancellationToken: cancellationToken);
        await client.CoreV1.DeleteNamespacedConfigMapAsync("official", "default", cancellationToken: cancellationToken);
        await watching.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);

        Assert.Equal(created.Metadata.Uid, patched.Metadata.Uid);
        Assert.Equal("2", patched.Data["a"]);
        Assert.Equal([WatchEventType.Added, WatchEventType.Modified, WatchEventType.Deleted], seen.Select(one => one.Type));
        var gone = await Assert.ThrowsAsync<HttpOperationException>(() => client.CoreV1.ReadNamespacedConfigMapAsync("official", "default", cancellationToken: cancellationToken));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.Response.StatusCode);
    }

    [Fact]
    public async Task A_TaskRun_is_a_custom_object_and_its_pod_has_a_log_and_a_shell()
    {
        var run = new Dictionary<string, object>
        {
            ["apiVersion"] = "tekton.dev/v1",
            ["kind"] = "TaskRun",
            ["metadata"] = new Dictionary<string, object> { ["name"] = "official" },
            ["spec"] = new Dictionary<string, object>
            {
                ["taskSpec"] = new Dictionary<string, object>
                {
                    ["steps"] = new[] { new Dictionary<string, object> { ["name"] = "say", ["image"] = "busybox", ["script"] = "echo hello; sleep 3" } },
                },
            },
        };

        await client.CustomObjects.CreateNamespacedCustomObjectAsync(run, "tekton.dev", "v1", "default", "taskruns", cancellationToken: cancellationToken);
        await Waits.UntilAsync(async () => await StateAsync() is "Running" or "Succeeded", cancellationToken);
        using var output = new MemoryStream();
        var exit = await client.NamespacedPodExecAsync("official-pod", "default", "step-say", ["sh", "-c", "echo inside"], tty: false, async (_, stdout, _) => await stdout.CopyToAsync(output, cancellationToken), cancellationToken);
        await Waits.UntilAsync(async () => await StateAsync() == "Succeeded", cancellationToken);
        await using var log = await client.CoreV1.ReadNamespacedPodLogAsync("official-pod", "default", container: "step-say", cancellationToken: cancellationToken);

        Assert.Equal((0, "inside\n"), (exit, System.Text.Encoding.UTF8.GetString(output.ToArray())));
        Assert.Equal("hello\n", await new StreamReader(log).ReadToEndAsync(cancellationToken));

        async Task<string> StateAsync()
        {
            var pods = await client.CoreV1.ListNamespacedPodAsync("default", labelSelector: "tekton.dev/taskRun=official", cancellationToken: cancellationToken);
            return pods.Items.SingleOrDefault()?.Status.Phase ?? "";
        }
    }

    [Fact]
    public async Task A_review_says_who_may_do_what()
    {
        var review = new V1SubjectAccessReview
        {
            Spec = new V1SubjectAccessReviewSpec
            {
                User = "system:serviceaccount:default:nobody",
                ResourceAttributes = new V1ResourceAttributes { NamespaceProperty = "default", Verb = "create", Group = "tekton.dev", Resource = "pipelineruns" },
            },
        };

        var answered = await client.AuthorizationV1.CreateSubjectAccessReviewAsync(review, cancellationToken: cancellationToken);

        Assert.False(answered.Status.Allowed);
    }
}
