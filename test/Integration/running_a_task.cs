using Hikigane.Kit;
using Hikigane.Kube;
using Hikigane.Pipelines.TaskRuns;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;
using Hikigane.Server.Controllers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikigane.Integration;

/// <summary>The TaskRun controller against the embedded API, reconciled by hand.</summary>
public sealed class RunningATask
{
    [Fact]
    public async Task A_run_gets_its_pod_and_follows_it_to_the_end()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var api = await EmbeddedApi.InMemory(TimeProvider.System);
        var kube = api.Kube;
        await Create(kube, Kinds.Namespace, "{apiVersion: v1, kind: Namespace, metadata: {name: ns}}", cancellationToken);
        await Create(kube, Kinds.ServiceAccount, "{apiVersion: v1, kind: ServiceAccount, metadata: {name: sa, namespace: ns}}", cancellationToken);
        await Create(
            kube, Kinds.TaskRun,
            "{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: tr, namespace: ns}, spec: {serviceAccountName: sa, taskSpec: {steps: [{name: a, image: alpine, script: echo hi}]}}}",
            cancellationToken);
        var key = new ObjectKey("ns", "tr");

        await ReconcileAsync(kube, key, cancellationToken);
        var pod = await kube.GetAsync(Kinds.Pod, "ns", "tr-pod", cancellationToken);
        var ended = pod.Copy();
        ended["status"] = YamlReader.ReadObject("{phase: Succeeded, containerStatuses: [{name: step-a, image: alpine, imageID: x, ready: false, restartCount: 0, state: {terminated: {exitCode: 0, reason: Completed}}}]}", out _);
        await kube.UpdateAsync(Kinds.Pod, ended, cancellationToken, "status");
        await ReconcileAsync(kube, key, cancellationToken);

        var run = await kube.GetAsync(Kinds.TaskRun, "ns", "tr", cancellationToken);
        Assert.Equal("True", Conditions.Succeeded(run.Object("status")).Text("status"));
        Assert.Equal("tr-pod", run.Text("status", "podName"));
        Assert.NotNull(run.Annotation("pipeline.tekton.dev/release"));
    }

    private static async Task ReconcileAsync(IKube kube, ObjectKey key, CancellationToken cancellationToken)
    {
        await using var caches = new ObjectCaches(kube, TimeProvider.System, NullLogger<ObjectCaches>.Instance);
        var controller = new TaskRunController(
            caches, new EventRecorder(kube, TimeProvider.System, "test"), TimeProvider.System, NullLogger<TaskRunController>.Instance);
        await Task.WhenAll([caches.For(Kinds.TaskRun).Synced, .. controller.Watches.Select(watched => caches.For(watched.Type).Synced)])
            .WaitAsync(TimeSpan.FromSeconds(10), cancellationToken);
        await controller.ReconcileAsync(key, cancellationToken);
    }

    private static async Task Create(IKube kube, ResourceType type, string yaml, CancellationToken cancellationToken)
    {
        var manifest = YamlReader.ReadObject(yaml, out _)!;
        await kube.CreateAsync(type, manifest.Namespace().Length == 0 ? null : manifest.Namespace(), manifest, cancellationToken);
    }
}
