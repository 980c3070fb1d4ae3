using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Ledger;
using Hikigane.Resources;
using Hikigane.Resources.Deliveries;
using Hikigane.Server;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikigane.Integration;

/// <summary>What a person following the walkthrough types, with the kubectl of this machine, and what it answers.</summary>
public sealed class TheWalkthrough : IAsyncLifetime
{
    private const string Listener = "el-build-deploy-pipeline-listener";

    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-walkthrough-").FullName;
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;
    private ControlPlane plane = null!;
    private Tool kubectl = null!;

    public async ValueTask InitializeAsync()
    {
        var path = Tool.FindKubectl();
        Assert.SkipWhen(path is null, "no kubectl on the PATH");
        var options = new UpOptions { DataDirectory = Path.Combine(directory, "data"), IsInMemory = true, AllowsNoSandbox = true };
        plane = await ControlPlane.StartAsync(options, TimeProvider.System, NullLoggerFactory.Instance, cancellationToken);
        kubectl = new Tool(path!, new Dictionary<string, string> { ["KUBECONFIG"] = plane.KubeconfigPath, ["HOME"] = directory });
    }

    public async ValueTask DisposeAsync()
    {
        if (plane is not null)
        {
            await plane.DisposeAsync();
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task An_event_through_a_forwarded_port_becomes_a_run_that_succeeds()
    {
        var definitions = await Kubectl("get", "crds");
        Assert.All(
            new[] { "clustertriggerbindings", "eventlisteners", "triggers", "triggerbindings", "triggertemplates" },
            name => Assert.Contains($"\n{name}.triggers.tekton.dev ", "\n" + definitions, StringComparison.Ordinal));

        await Kubectl("apply", "-f", Sample("pipeline.yaml"));
        Assert.Equal(
            "serviceaccount/trigger-sa created\nrole.rbac.authorization.k8s.io/trigger-role created\nrolebinding.rbac.authorization.k8s.io/triggers-role-binding created\n",
            await Kubectl("apply", "-f", Sample("trigger-sa.yaml")));
        Assert.Equal(
            "triggertemplate.triggers.tekton.dev/build-deploy-pipeline-template created\ntriggerbinding.triggers.tekton.dev/build-deploy-pipeline-binding created\neventlistener.triggers.tekton.dev/build-deploy-pipeline-listener created\n",
            await Kubectl("apply", "-f", Sample("my-trigger.yaml")));
        await ListenerAsync();
        Assert.Matches($@"{Listener}-\w+-\w+ +1/1 +Running", await Kubectl("get", "pod"));
        Assert.Matches($@"{Listener} +ClusterIP +[\d.]+ +<none> +8080/TCP", await Kubectl("get", "service"));

        var answer = await SendThroughPortForwardAsync();
        Assert.Equal("build-deploy-pipeline-listener", (string?)answer["eventListener"]);
        Assert.Equal("default", (string?)answer["namespace"]);
        Assert.NotNull(answer["eventListenerUID"]);
        Assert.NotNull(answer["eventID"]);

        await Waits.ForAsync(plane.Admin, Kinds.PipelineRun, _ => true, cancellationToken);
        await Kubectl("wait", "--for=condition=Succeeded", "pipelinerun", "--all", "--timeout=60s");
        Assert.Matches(@"build-deploy-pipeline-run-\w+ +True +(Succeeded|Completed)", await Kubectl("get", "pipelinerun"));
        Assert.Matches(@"build-deploy-pipeline-run-\w+-fetch-repository-pod +0/1 +Completed", await Kubectl("get", "pod"));

        await Kubectl("delete", "pipelinerun", "--all");
        await Kubectl("wait", "--for=delete", "pod", "-l", "tekton.dev/pipelineTask", "--timeout=30s");
        Assert.DoesNotContain("build-deploy", await Kubectl("get", "taskrun"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_right_to_create_runs_there_is_none_and_the_ledger_says_why()
    {
        await Kubectl("apply", "-f", Sample("pipeline.yaml"), "-f", Sample("trigger-sa.yaml"), "-f", Sample("my-trigger.yaml"));
        await Kubectl("patch", "role", "trigger-role", "--type=json", "-p", """[{"op":"remove","path":"/rules/1"}]""");
        var (code, answer) = await kubectl.RunAsync(
            cancellationToken, "auth", "can-i", "create", "pipelineruns.tekton.dev", "--as=system:serviceaccount:default:trigger-sa");
        Assert.Equal((1, "no"), (code, answer.Trim()));
        await ListenerAsync();
        await SendThroughPortForwardAsync();

        await Waits.UntilAsync(() => Task.FromResult(plane.Ledger.List(new LedgerQuery()).Any(delivery => delivery.DecidedAt is not null)), cancellationToken);
        var delivery = Assert.Single(plane.Ledger.List(new LedgerQuery()));
        Assert.Equal(DeliveryOutcome.Error, delivery.Outcome);
        Assert.Equal("create.forbidden", Assert.Single(delivery.Triggers).Cause);
        Assert.Contains("No resources found", await Kubectl("get", "pipelinerun"), StringComparison.Ordinal);
    }

    private static string Sample(string file) => Path.Combine(Repository.Root, "samples", "walkthrough", file);

    private Task<JsonObject> ListenerAsync() => Waits.ForAsync(
        plane.Admin, Kinds.Deployment, one => one["metadata"]?["name"]?.ToString() == Listener && (int?)one["status"]?["readyReplicas"] == 1, cancellationToken);

    private async Task<string> Kubectl(params string[] arguments)
    {
        var (code, text) = await kubectl.RunAsync(cancellationToken, arguments);
        Assert.True(code == 0, $"kubectl {string.Join(' ', arguments)}: {text}");
        return text;
    }

    private async Task<JsonObject> SendThroughPortForwardAsync()
    {
        using var forward = kubectl.Start("port-forward", "service/" + Listener, ":8080");
        try
        {
            var line = await forward.StandardOutput.ReadLineAsync(cancellationToken) ?? await forward.StandardError.ReadToEndAsync(cancellationToken);
            Assert.Matches(@"^Forwarding from 127.0.0.1:\d+ -> 8080$", line);
            var port = line.Split(':')[1].Split(' ')[0];
            using var client = new HttpClient();
            var body = $$$"""{"head_commit":{"id": "master"},"repository":{"url": "{{{await RepositoryAsync()}}}"}}""";
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var response = await client.PostAsync(new Uri($"http://127.0.0.1:{port}/"), content, cancellationToken);
            return (JsonObject)JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
        }
        finally
        {
            forward.Kill();
        }
    }

    private async Task<string> RepositoryAsync()
    {
        var repository = Directory.CreateDirectory(Path.Combine(directory, "myapp")).FullName;
        await File.WriteAllTextAsync(Path.Combine(repository, "README.md"), "# myapp\n", cancellationToken);
        var git = new Tool("git", new Dictionary<string, string>());
        string[] who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        foreach (string[] arguments in new string[][] { ["init", "-q", "-b", "master"], ["add", "."], [.. who, "commit", "-qm", "first"] })
        {
            var (code, text) = await git.RunAsync(cancellationToken, ["-C", repository, .. arguments]);
            Assert.True(code == 0, text);
        }

        return new Uri(repository).AbsoluteUri;
    }
}
