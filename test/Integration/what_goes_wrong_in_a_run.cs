using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Integration;

/// <summary>Runs that end badly, with real processes: each says why, in upstream's words.</summary>
public sealed class WhatGoesWrongInARun(SharedPlane running)
{
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_step_whose_program_does_not_exist()
    {
        var run = await TaskAsync("no-program", "{taskSpec: {steps: [{name: a, image: alpine, command: [/no/such/program]}]}}");

        Assert.Equal(("False", "StepFailed", "\"step-a\" exited with code 1: Error"), SharedPlane.Outcome(run));
        Assert.Contains("fork/exec /no/such/program: no such file or directory", await LogAsync("no-program-pod", "step-a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_whose_program_is_not_on_the_path()
    {
        var run = await TaskAsync("not-on-path", "{taskSpec: {steps: [{name: a, image: alpine, command: [no-such-program]}]}}");

        Assert.Equal(("False", "StepFailed", "\"step-a\" exited with code 1: Error"), SharedPlane.Outcome(run));
        Assert.Contains("exec: \"no-such-program\": executable file not found in $PATH", await LogAsync("not-on-path-pod", "step-a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_that_exits_with_3_and_the_steps_behind_it()
    {
        var run = await TaskAsync("exits-3", "{taskSpec: {steps: [{name: a, image: alpine, script: exit 3}, {name: b, image: alpine, script: echo never}]}}");

        Assert.Equal(("False", "StepFailed", "\"step-a\" exited with code 3: Error"), SharedPlane.Outcome(run));
        var steps = run.Objects("status", "steps").ToList();
        Assert.Equal((3, 1), (steps[0].Integer("terminated", "exitCode"), steps[1].Integer("terminated", "exitCode")));
        Assert.Equal("Skipped", steps[1].Text("terminationReason"));
        Assert.DoesNotContain("never", await LogAsync("exits-3-pod", "step-b"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kill -KILL $$", 255)]
    [InlineData("kill -TERM $$", 255)]
    [InlineData("exit 137", 137)]
    [InlineData("exit 143", 143)]
    public async Task A_step_that_a_signal_ends_exits_with_255_and_one_that_only_looks_so_does_not(string script, int code)
    {
        var name = "ends-" + script.ToLowerInvariant().Replace(" ", "-", StringComparison.Ordinal).Replace("-$$", "", StringComparison.Ordinal);
        var run = await TaskAsync(name, $$$"""{taskSpec: {steps: [{name: a, image: alpine, script: "#!/bin/sh\n{{{script}}}\nsleep 10"}]}}""");

        Assert.Equal(("False", "StepFailed", $"\"step-a\" exited with code {code}: Error"), SharedPlane.Outcome(run));
    }

    [Fact]
    public async Task Five_megabytes_of_log_are_whole_and_in_order_however_they_are_read()
    {
        const int Lines = 5 * 16 * 1024;
        var followed = FollowAsync("long-log-pod", "step-a");
        var run = await TaskAsync("long-log", $$$"""{taskSpec: {steps: [{name: a, image: alpine, script: "seq -f '%063.0f' {{{Lines}}}"}]}}""");

        Assert.Equal("True", SharedPlane.Outcome(run).Status);
        var want = Enumerable.Range(1, Lines).Select(line => line.ToString("D63"));
        var text = await LogAsync("long-log-pod", "step-a");
        Assert.Equal(5 << 20, text.Length);
        Assert.Equal(want, text.Split('\n')[..^1]);
        Assert.Equal(text, await followed);
    }

    [Fact]
    public async Task A_result_as_large_as_the_termination_message_allows_and_one_byte_more()
    {
        // What else is in the message: the result's own JSON and the time of the start.
        const int Around = 97;
        var fits = await ResultAsync("result-fits", 4096 - Around);
        Assert.Equal("True", SharedPlane.Outcome(fits).Status);
        Assert.Equal(4096 - Around, fits.Objects("status", "results").Single().Text("value")!.Length);

        var tooLong = await ResultAsync("result-too-long", 4096 - Around + 1);
        Assert.Equal(("False", "StepFailed", "\"step-a\" exited with code 1: Error"), SharedPlane.Outcome(tooLong));
        Assert.Empty(tooLong.Objects("status", "results"));
        Assert.Contains("Termination message is above max allowed size 4096, caused by large task result.", await LogAsync("result-too-long-pod", "step-a"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(4097)]
    public async Task A_result_of_4096_bytes_or_more_is_too_large_beside_the_rest_of_the_message(int length)
    {
        var run = await ResultAsync($"result-{length}", length);

        Assert.Equal(("False", "StepFailed", "\"step-a\" exited with code 1: Error"), SharedPlane.Outcome(run));
    }

    [Fact]
    public async Task A_result_that_was_never_written()
    {
        var run = await PipelineAsync("result-never-written", """
            pipelineSpec:
              tasks:
                - name: first
                  taskSpec: {results: [{name: r}], steps: [{name: a, image: alpine, script: "true"}]}
                - name: second
                  params: [{name: p, value: $(tasks.first.results.r)}]
                  taskSpec: {params: [{name: p}], steps: [{name: a, image: alpine, script: "echo $(params.p)"}]}
            """);

        Assert.Equal(("False", "PipelineValidationFailed"), (SharedPlane.Outcome(run).Status, SharedPlane.Outcome(run).Reason));
        Assert.Contains(
            "Failed Validation: 1 (task \"first\" completed successfully but did not emit the result \"r\", which is referenced by task \"second\"",
            SharedPlane.Outcome(run).Message, StringComparison.Ordinal);
        Assert.Single(run.Objects("status", "childReferences"));
    }

    [Fact]
    public async Task A_pipeline_whose_tasks_wait_for_each_other()
    {
        var refused = await Record.ExceptionAsync(() => PipelineAsync("cycle", """
            pipelineSpec:
              tasks:
                - {name: a, runAfter: [b], taskSpec: {steps: [{name: a, image: alpine, script: "true"}]}}
                - {name: b, runAfter: [a], taskSpec: {steps: [{name: a, image: alpine, script: "true"}]}}
            """));

        // Refused when it is written; a controller that meets one all the same says so, too.
        var message = refused is KubeException ? refused.Message
            : SharedPlane.Outcome(await running.Plane.Admin.GetAsync(Kinds.PipelineRun, "default", "cycle", cancellationToken)).Message;
        Assert.Contains("cycle detected", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipeline_that_is_not_there()
    {
        var run = await PipelineAsync("no-pipeline", "{pipelineRef: {name: missing}}");

        Assert.Equal(("False", "CouldntGetPipeline"), (SharedPlane.Outcome(run).Status, SharedPlane.Outcome(run).Reason));
        Assert.Matches("^Error retrieving pipeline for pipelinerun default/no-pipeline: .*pipelines.tekton.dev \"missing\" not found$", SharedPlane.Outcome(run).Message);
    }

    [Fact]
    public async Task A_pipeline_that_refers_to_a_task_that_is_not_there()
    {
        var run = await PipelineAsync("no-task-of-pipeline", "{pipelineSpec: {tasks: [{name: a, taskRef: {name: missing}}]}}");

        Assert.Equal(("False", "CouldntGetTask"), (SharedPlane.Outcome(run).Status, SharedPlane.Outcome(run).Reason));
        Assert.Contains("can't be Run; it contains Tasks that don't exist", SharedPlane.Outcome(run).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_is_not_there()
    {
        var run = await TaskAsync("no-task", "{taskRef: {name: missing}}");

        Assert.Equal(("False", "TaskRunResolutionFailed"), (SharedPlane.Outcome(run).Status, SharedPlane.Outcome(run).Reason));
        Assert.Contains("tasks.tekton.dev \"missing\" not found", SharedPlane.Outcome(run).Message, StringComparison.Ordinal);
    }

    private Task<JsonObject> TaskAsync(string name, string spec) => running.RunAsync(Kinds.TaskRun, name, spec, cancellationToken);

    private Task<JsonObject> PipelineAsync(string name, string spec) => running.RunAsync(Kinds.PipelineRun, name, spec, cancellationToken);

    private Task<JsonObject> ResultAsync(string name, int length) => TaskAsync(
        name, $$$"""{taskSpec: {results: [{name: r}], steps: [{name: a, image: alpine, script: "head -c {{{length}}} /dev/zero | tr '\\0' x > $(results.r.path)"}]}}""");

    private async Task<string> LogAsync(string pod, string container) =>
        await ReadAsync(await running.Plane.Admin.GetAsync(Kinds.Pod, "default", pod, cancellationToken), container, new LogQuery());

    private async Task<string> FollowAsync(string pod, string container)
    {
        var started = await Waits.ForAsync(
            running.Plane.Admin, Kinds.Pod,
            one => one.Name() == pod && one.Objects("status", "containerStatuses").Any(status => status.Text("name") == container && status.Object("state")?["waiting"] is null),
            cancellationToken);
        return await ReadAsync(started, container, new LogQuery(Follow: true));
    }

    private async Task<string> ReadAsync(JsonObject pod, string container, LogQuery query)
    {
        var text = new StringBuilder();
        await foreach (var part in running.Plane.Pods.LogAsync(pod, container, query, cancellationToken))
        {
            text.Append(Encoding.UTF8.GetString(part.Span));
        }

        return text.ToString();
    }
}
