using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;
using Hikigane.Runtime.Workloads;

namespace Hikigane.Integration;

/// <summary>What kubectl shows of pods: their states on the way, their events, probes, hooks, and commands in them.</summary>
public sealed class TheLifeOfAPod(SharedPlane running)
{
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    private IKube Kube => running.Plane.Admin;

    [Fact]
    public async Task The_first_status_says_that_init_containers_are_to_come_and_every_container_has_its_events()
    {
        var first = FirstStatusAsync("with-init");
        await CreateAsync("with-init", "{restartPolicy: Never, initContainers: [{name: one, image: alpine, command: ['true']}], containers: [{name: two, image: busybox, command: ['true']}]}");

        var status = await first;
        Assert.Equal("PodInitializing", status.Objects("status", "initContainerStatuses").Single().Text("state", "waiting", "reason"));
        Assert.Equal("PodInitializing", status.Objects("status", "containerStatuses").Single().Text("state", "waiting", "reason"));
        await PodAsync("with-init", pod => pod.Text("status", "phase") == "Succeeded");
        await EventsAsync(
            "with-init",
            "ImageNotUsed The image is not used: the container runs as a process of this machine",
            "Pulled Container image \"alpine\" already present on machine", "Created Created container: one", "Started Started container one",
            "Pulled Container image \"busybox\" already present on machine", "Created Created container: two", "Started Started container two");
    }

    [Fact]
    public async Task An_affinity_assistant_runs_until_its_run_has_ended()
    {
        var manifest = YamlReader.ReadObject("""
            apiVersion: tekton.dev/v1
            kind: PipelineRun
            metadata: {name: assisted}
            spec:
              workspaces: [{name: w, volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}}]
              pipelineSpec:
                workspaces: [{name: w}]
                tasks: [{name: a, workspaces: [{name: w}], taskSpec: {workspaces: [{name: w}], steps: [{name: a, image: alpine, script: "sleep 1"}]}}]
            """, out _)!;
        await Kube.CreateAsync(Kinds.PipelineRun, "default", manifest, cancellationToken);

        var assistant = await Waits.ForAsync(
            Kube, Kinds.Pod, pod => pod.Label("tekton.dev/pipelineRun") == "assisted" && pod.Name().StartsWith("affinity-assistant-", StringComparison.Ordinal) && pod.IsReady(), cancellationToken);

        Assert.Equal(0, assistant.Objects("status", "containerStatuses").Single().Integer("restartCount"));
    }

    [Fact]
    public async Task A_container_that_fails_its_liveness_probe_is_restarted()
    {
        await CreateAsync("not-alive", "{terminationGracePeriodSeconds: 1, containers: [{name: c, image: alpine, command: [sleep, '60'], livenessProbe: {periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 1, exec: {command: ['false']}}}]}");

        await PodAsync("not-alive", pod => pod.Objects("status", "containerStatuses").Single() is var status && status.Integer("restartCount") == 1 && status.Object("state", "running") is not null);

        await EventsAsync("not-alive", "Unhealthy Liveness probe failed: command exited with code 1", "Killing Container c failed liveness probe, will be restarted");
        await DeleteAsync("not-alive");
    }

    [Fact]
    public async Task A_container_has_started_when_its_startup_probe_succeeds_and_not_before()
    {
        var trace = Path.Combine(Path.GetTempPath(), $"hikigane-{Guid.NewGuid():N}");
        Directory.CreateDirectory(trace);
        await CreateAsync("slow-start", $$$"""{terminationGracePeriodSeconds: 1, volumes: [{name: t, hostPath: {path: {{{trace}}}}}], containers: [{name: c, image: alpine, command: [sleep, '60'], volumeMounts: [{name: t, mountPath: /t}], startupProbe: {periodSeconds: 1, timeoutSeconds: 20, failureThreshold: 30, exec: {command: [ls, /t/go]} } } ] }""");

        var before = await PodAsync("slow-start", pod => pod.Objects("status", "containerStatuses").Single().Object("state", "running") is not null);
        Assert.False(before.Objects("status", "containerStatuses").Single().Flag("started"));
        Assert.False(before.IsReady());
        await File.WriteAllTextAsync(Path.Combine(trace, "go"), "", cancellationToken);
        await PodAsync("slow-start", pod => pod.Objects("status", "containerStatuses").Single().Flag("started") && pod.IsReady());

        await DeleteAsync("slow-start");
        Directory.Delete(trace, recursive: true);
    }

    [Fact]
    public async Task Hooks_run_after_the_start_and_before_the_end()
    {
        var trace = Path.Combine(Path.GetTempPath(), $"hikigane-{Guid.NewGuid():N}");
        Directory.CreateDirectory(trace);
        await CreateAsync("hooks", $$$"""
            terminationGracePeriodSeconds: 5
            volumes: [{name: t, hostPath: {path: {{{trace}}}}}]
            containers:
              - name: c
                image: alpine
                command: [sh, -c, "trap 'echo ended >> /t/trace; exit 0' TERM; while :; do sleep 0.05; done"]
                volumeMounts: [{name: t, mountPath: /t}]
                lifecycle:
                  postStart: {exec: {command: [sh, -c, "echo started >> /t/trace"]}}
                  preStop: {exec: {command: [sh, -c, "echo stopping >> /t/trace"]}}
            """);
        await PodAsync("hooks", pod => pod.IsReady());
        await Waits.UntilAsync(() => Task.FromResult(File.Exists(Path.Combine(trace, "trace"))), cancellationToken);
        await DeleteAsync("hooks");

        Assert.Equal("started\nstopping\nended\n", await File.ReadAllTextAsync(Path.Combine(trace, "trace"), cancellationToken));
        Directory.Delete(trace, recursive: true);
    }

    [Fact]
    public async Task A_container_that_ends_again_and_again_waits_longer_each_time()
    {
        await CreateAsync("crashing", "{containers: [{name: c, image: alpine, command: ['false']}]}");

        var waiting = await PodAsync("crashing", pod => pod.Objects("status", "containerStatuses").Single().Text("state", "waiting", "reason") == "CrashLoopBackOff");

        var status = waiting.Objects("status", "containerStatuses").Single();
        Assert.Equal(1, status.Integer("restartCount"));
        Assert.StartsWith("back-off 10s restarting failed container=c pod=crashing_default(", status.Text("state", "waiting", "message"), StringComparison.Ordinal);
        Assert.Equal(1, status.Integer("lastState", "terminated", "exitCode"));
        await DeleteAsync("crashing");
    }

    [Fact]
    public async Task A_command_runs_inside_a_container()
    {
        await CreateAsync("entered", "{terminationGracePeriodSeconds: 1, volumes: [{name: v, emptyDir: {}}], containers: [{name: c, image: alpine, command: [sh, -c, 'echo inside > /v/file; sleep 60'], volumeMounts: [{name: v, mountPath: /v}]}]}");
        var pod = await PodAsync("entered", pod => pod.IsReady());
        using var output = new MemoryStream();
        int exitCode;
        do
        {
            output.SetLength(0);
            exitCode = await running.Plane.Pods.ExecAsync(pod, "c", new ExecRequest(["sh", "-c", "cat /v/file || exit 7"], null, output, null, Tty: false), cancellationToken);
        }
        while (exitCode == 7);

        Assert.Equal((0, "inside\n"), (exitCode, Encoding.UTF8.GetString(output.ToArray())));
        await DeleteAsync("entered");
    }

    private Task CreateAsync(string name, string spec) => Kube.CreateAsync(
        Kinds.Pod, "default",
        new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = YamlReader.ReadObject(spec, out _) },
        cancellationToken);

    private Task<JsonObject> PodAsync(string name, Func<JsonObject, bool> isWanted) =>
        Waits.ForAsync(Kube, Kinds.Pod, pod => pod.Name() == name && pod.Objects("status", "containerStatuses").Any() && isWanted(pod), cancellationToken);

    private async Task DeleteAsync(string name)
    {
        await Kube.DeleteAsync(Kinds.Pod, new ObjectKey("default", name), DeleteQuery.Default, cancellationToken);
        await Waits.UntilAsync(
            async () => (await Kube.ListAsync(Kinds.Pod, "default", ListQuery.All, cancellationToken)).Items.All(pod => pod.Name() != name), cancellationToken);
    }

    private async Task<JsonObject> FirstStatusAsync(string name)
    {
        var list = await Kube.ListAsync(Kinds.Pod, "default", ListQuery.All, cancellationToken);
        await foreach (var change in Kube.WatchAsync(Kinds.Pod, "default", new WatchQuery(list.ResourceVersion), cancellationToken))
        {
            if (change.Object.Name() == name && change.Object.Objects("status", "containerStatuses").Any())
            {
                return change.Object;
            }
        }

        throw new InvalidOperationException("the watch ended");
    }

    private async Task EventsAsync(string name, params string[] wanted)
    {
        List<string> seen = [];
        await Waits.UntilAsync(
            async () =>
            {
                var events = await Kube.ListAsync(Kinds.Event, "default", ListQuery.All, cancellationToken);
                seen = [.. events.Items.Where(one => one.Text("involvedObject", "name") == name).Select(one => $"{one.Text("reason")} {one.Text("message")}")];
                return wanted.All(seen.Contains);
            },
            cancellationToken);
        Assert.Single(seen, one => one.StartsWith("ImageNotUsed", StringComparison.Ordinal));
    }
}
