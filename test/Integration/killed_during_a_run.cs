using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Integration;

/// <summary>
/// SIGKILL at any moment of a run: after the next start the run ends, no step has run twice, and a step that was running is said to be lost.
/// </summary>
public sealed class KilledDuringARun : IDisposable
{
    private const int Seed = 7;
    private const int Kills = 10;
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(1500);

    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-during-").FullName;
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_run_that_was_killed_at_any_moment_ends_and_no_step_runs_twice()
    {
        var random = new Random(Seed);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        using var up = new UpProcess(Path.Combine(directory, "data"));
        await up.StartAsync(cancellationToken);
        for (var kill = 0; kill < Kills; kill++)
        {
            var name = $"run-{kill}";
            var traces = Directory.CreateDirectory(Path.Combine(directory, name)).FullName;
            await up.CreateAsync(Run(name, traces), cancellationToken);
            await Task.Delay(Longest * (kill + random.NextDouble()) / Kills, TimeProvider.System, cancellationToken);
            up.Kill();
            await up.StartAsync(cancellationToken);

            JsonObject run = [];
            await Waits.UntilAsync(
                async () => (run = await up.GetAsync($"apis/tekton.dev/v1/namespaces/default/pipelineruns/{name}", cancellationToken)).Condition("Succeeded").Text("status") is "True" or "False",
                cancellationToken);
            await CheckAsync(up, run, traces);
        }
    }

    private async Task CheckAsync(UpProcess up, JsonObject run, string traces)
    {
        var started = Directory.GetFiles(traces).ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
        Assert.All(started, trace => Assert.Contains(trace.Value, (string[])["started\n", "started\nended\n"]));
        var tasks = (await up.GetAsync($"apis/tekton.dev/v1/namespaces/default/taskruns?labelSelector=tekton.dev/pipelineRun={run.Name()}", cancellationToken)).Objects("items").ToList();
        if (run.Condition("Succeeded").Text("status") == "True")
        {
            Assert.Equal(["first-a", "first-b", "second-a", "second-b"], started.Keys.Order());
            Assert.All(started.Values, trace => Assert.Equal("started\nended\n", trace));
            Assert.Equal(2, tasks.Count);
            return;
        }

        Assert.Equal("Failed", run.Condition("Succeeded").Text("reason"));
        var failed = Assert.Single(tasks, task => task.Condition("Succeeded").Text("status") == "False");
        Assert.Matches("exited with code 137: ContainerStatusUnknown", failed.Condition("Succeeded").Text("message"));
    }

    private static string Run(string name, string traces) => $$$"""
        apiVersion: tekton.dev/v1
        kind: PipelineRun
        metadata: {name: {{{name}}}}
        spec:
          pipelineSpec:
            tasks:
              - name: first
                params: [{name: task, value: first}]
                taskSpec: &task
                  params: [{name: task}]
                  volumes: [{name: traces, hostPath: {path: {{{traces}}}}}]
                  stepTemplate: {image: alpine, volumeMounts: [{name: traces, mountPath: /traces}]}
                  steps:
                    - {name: a, script: "f=/traces/$(params.task)-a; echo started >> $f; sleep 0.1; echo ended >> $f"}
                    - {name: b, script: "f=/traces/$(params.task)-b; echo started >> $f; sleep 0.1; echo ended >> $f"}
              - name: second
                runAfter: [first]
                params: [{name: task, value: second}]
                taskSpec: *task
        """;
}
