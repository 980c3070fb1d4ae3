using System.Diagnostics;
using Hikigane.Ledger;
using Hikigane.Resources;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;

namespace Hikigane.Integration;

/// <summary>
/// What a person following the walkthrough types, and what it answers: with every kubectl of this machine, each in a namespace of its own.
/// </summary>
public sealed class TheWalkthrough(RunningPlane running) : IClassFixture<RunningPlane>
{
    private const string Listener = "el-build-deploy-pipeline-listener";
    private const string AnyKubectl = "kubectl";

    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;
    private Kubectl kubectl = null!;

    /// <summary>Minors by file name; what a machine without any installs for itself goes by the plain name.</summary>
    public static TheoryData<string> Minors => Tool.FindKubectls() is { Count: > 0 } found
        ? [.. found.Select(path => Path.GetFileName(path)!)]
        : [AnyKubectl];

    [Theory]
    [MemberData(nameof(Minors))]
    public async Task An_event_through_a_forwarded_port_becomes_a_run_that_succeeds(string minor)
    {
        await UseAsync(minor, "walk-" + minor.Replace("kubectl", "k", StringComparison.Ordinal).Replace('.', '-'));

        await TheDefinitionsAreThereAsync();
        await ApplyingSaysWhatHappenedAsync();
        await TheListenerRunsAsync();
        using (var watch = kubectl.Start("get", "pod", "-w"))
        {
            // It has listed, and watches from there.
            await watch.StandardOutput.ReadLineAsync(cancellationToken);
            await TheEventIsAnsweredAsync();
            await TheRunSucceedsAsync();
            await ItsPodsWereSeenAsync(watch);
        }

        await DescribeAndLogsTellAsync();
        await DeletingTheRunTakesItsChildrenAsync();
    }

    [Fact]
    public async Task Without_the_right_to_create_runs_there_is_none_and_the_ledger_says_why()
    {
        await UseAsync(null, "walk-forbidden");
        await kubectl.RunAsync("apply", "-f", Sample("pipeline.yaml"), "-f", Sample("trigger-sa.yaml"), "-f", Sample("my-trigger.yaml"));
        await kubectl.RunAsync("patch", "role", "trigger-role", "--type=json", "-p", """[{"op":"remove","path":"/rules/1"}]""");
        Assert.Equal((1, "no"), await CanCreateRunsAsync());
        await kubectl.RunAsync("rollout", "status", "deployment/" + Listener, "--timeout=30s");
        await kubectl.SendThroughPortForwardAsync(Listener, Event);

        var ledger = running.Plane.Ledger;
        var query = new LedgerQuery { Namespace = kubectl.Namespace };
        await Waits.UntilAsync(() => Task.FromResult(ledger.List(query).Any(delivery => delivery.DecidedAt is not null)), cancellationToken);
        var delivery = Assert.Single(ledger.List(query));
        Assert.Equal(DeliveryOutcome.Error, delivery.Outcome);
        Assert.Equal("create.forbidden", Assert.Single(delivery.Triggers).Cause);
        Assert.Contains("No resources found", await kubectl.RunAsync("get", "pipelinerun"), StringComparison.Ordinal);
    }

    private string Event => $$$"""{"head_commit":{"id": "master"},"repository":{"url": "{{{running.RepositoryUrl}}}"}}""";

    private async Task TheDefinitionsAreThereAsync()
    {
        var definitions = await kubectl.RunAsync("get", "crds");
        Assert.All(
            new[] { "clustertriggerbindings", "eventlisteners", "triggers", "triggerbindings", "triggertemplates" },
            name => Assert.Contains($"\n{name}.triggers.tekton.dev ", "\n" + definitions, StringComparison.Ordinal));
        Assert.Equal(
            "customresourcedefinition.apiextensions.k8s.io/eventlisteners.triggers.tekton.dev condition met\n",
            await kubectl.RunAsync("wait", "--for=condition=Established", "crd/eventlisteners.triggers.tekton.dev", "--timeout=10s"));
    }

    private async Task ApplyingSaysWhatHappenedAsync()
    {
        string[] pipeline =
            ["serviceaccount/my-tekton-pipeline", "task.tekton.dev/git-clone", "task.tekton.dev/build", "task.tekton.dev/deploy", "pipeline.tekton.dev/build-deploy-pipeline"];
        string[] account = ["serviceaccount/trigger-sa", "role.rbac.authorization.k8s.io/trigger-role", "rolebinding.rbac.authorization.k8s.io/triggers-role-binding"];
        string[] trigger =
        [
            "triggertemplate.triggers.tekton.dev/build-deploy-pipeline-template", "triggerbinding.triggers.tekton.dev/build-deploy-pipeline-binding",
            "eventlistener.triggers.tekton.dev/build-deploy-pipeline-listener",
        ];
        foreach (var outcome in new[] { "created", "unchanged" })
        {
            Assert.Equal(Lines(pipeline, outcome), await kubectl.RunAsync("apply", "-f", Sample("pipeline.yaml")));
            Assert.Equal(Lines(account, outcome), await kubectl.RunAsync("apply", "-f", Sample("trigger-sa.yaml")));
            Assert.Equal(Lines(trigger, outcome), await kubectl.RunAsync("apply", "-f", Sample("my-trigger.yaml")));
        }

        Assert.Equal((0, "yes"), await CanCreateRunsAsync());

        static string Lines(string[] names, string outcome) => string.Concat(names.Select(name => $"{name} {outcome}\n"));
    }

    private async Task TheListenerRunsAsync()
    {
        await kubectl.RunAsync("rollout", "status", "deployment/" + Listener, "--timeout=30s");
        Assert.Matches($@"{Listener}-\w+-\w+ +1/1 +Running", await kubectl.RunAsync("get", "pod"));
        Assert.Matches($@"{Listener} +ClusterIP +[\d.]+ +<none> +8080/TCP", await kubectl.RunAsync("get", "service"));
    }

    private async Task TheEventIsAnsweredAsync()
    {
        var answer = await kubectl.SendThroughPortForwardAsync(Listener, Event);
        Assert.Equal("build-deploy-pipeline-listener", answer.Text("eventListener"));
        Assert.Equal(kubectl.Namespace, answer.Text("namespace"));
        Assert.NotNull(answer.Text("eventListenerUID"));
        Assert.NotNull(answer.Text("eventID"));
    }

    private async Task TheRunSucceedsAsync()
    {
        var run = await Waits.ForAsync(
            running.Plane.Admin, Kinds.PipelineRun, one => one.Condition("Succeeded").Text("status") is "True" or "False", cancellationToken, kubectl.Namespace);
        Assert.True(run.Condition("Succeeded").Text("status") == "True", run.Condition("Succeeded").Text("message"));
        await kubectl.RunAsync("wait", "--for=condition=Succeeded", "pipelinerun", "--all", "--timeout=60s");
        Assert.Matches(@"build-deploy-pipeline-run-\w+ +True +(Succeeded|Completed)", await kubectl.RunAsync("get", "pipelinerun"));
        Assert.Matches(@"build-deploy-pipeline-run-\w+-fetch-repository-pod +0/1 +Completed", await kubectl.RunAsync("get", "pod"));
    }

    /// <summary>What <c>get pod -w</c> showed of the first task's pod, up to its end.</summary>
    private async Task ItsPodsWereSeenAsync(Process watch)
    {
        var seen = new List<string>();
        try
        {
            while (!seen.Contains("Completed") && await watch.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                var cells = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (cells[0].EndsWith("-fetch-repository-pod", StringComparison.Ordinal))
                {
                    seen.Add(cells[2]);
                }
            }
        }
        finally
        {
            watch.Kill();
        }

        // A pod that is quick may be through a step before it is looked at; what was seen is in order all the same.
        Assert.Contains(seen, status => status.StartsWith("Init:", StringComparison.Ordinal) || status == "PodInitializing");
        var order = seen.Select(status => status switch { "Pending" => 0, "PodInitializing" => 2, "Running" or "NotReady" => 3, "Completed" => 4, _ => 1 }).ToList();
        Assert.Equal(order.Order(), order);
        Assert.Contains("Running", seen);
    }

    private async Task DescribeAndLogsTellAsync()
    {
        var run = await kubectl.RunAsync("describe", "pipelinerun");
        Assert.Matches(@"API Version: +tekton.dev/v1\n", run);
        Assert.Contains("Succeeded", run, StringComparison.Ordinal);
        var pod = (await kubectl.RunAsync("get", "pod", "-o", "name", "-l", "tekton.dev/pipelineTask=fetch-repository")).Trim();
        Assert.Matches(@"Status: +Succeeded", await kubectl.RunAsync("describe", pod));
        Assert.Contains("Cloning into", await kubectl.RunAsync("logs", "-f", pod, "-c", "step-clone"), StringComparison.Ordinal);
        Assert.Contains("TaskRun", await kubectl.RunAsync("get", "events"), StringComparison.OrdinalIgnoreCase);
    }

    private async Task DeletingTheRunTakesItsChildrenAsync()
    {
        await kubectl.RunAsync("delete", "pipelinerun", "--all");
        await kubectl.RunAsync("wait", "--for=delete", "pod", "-l", "tekton.dev/pipelineTask", "--timeout=30s");
        Assert.DoesNotContain("build-deploy", await kubectl.RunAsync("get", "taskrun"), StringComparison.Ordinal);
    }

    private async Task UseAsync(string? minor, string ns)
    {
        var path = minor is null or AnyKubectl
            ? await Tool.KubectlAsync(cancellationToken)
            : Tool.FindKubectls().Single(one => Path.GetFileName(one) == minor);
        Assert.SkipWhen(path is null, "no kubectl on the PATH, and Debian's kubernetes-client cannot be installed here");
        kubectl = running.Kubectl(path!, ns, cancellationToken);
        await kubectl.RunAsync("create", "namespace", ns);
    }

    private async Task<(int, string)> CanCreateRunsAsync()
    {
        var (code, text) = await kubectl.TryAsync("auth", "can-i", "create", "pipelineruns.tekton.dev", $"--as=system:serviceaccount:{kubectl.Namespace}:trigger-sa");
        return (code, text.Trim());
    }

    private static string Sample(string file) => Path.Combine(Repository.Root, "samples", "walkthrough", file);
}
