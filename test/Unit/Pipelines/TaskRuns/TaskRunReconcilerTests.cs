using System.Text.Json.Nodes;
using Hikigane.Pipelines.TaskRuns;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;
using Hikigane.Resources.Yaml;

namespace Hikigane.Unit.Pipelines.TaskRuns;

public sealed class TaskRunReconcilerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_first_look_starts_the_run_and_plans_its_pod()
    {
        var plan = TaskRunReconciler.Reconcile(World(), Now);

        Assert.Equal("tr-pod", Pod(plan)!.Name());
        Assert.Equal(("Unknown", "Pending"), Condition(plan));
        Assert.Equal("2026-01-01T00:00:00Z", plan.Status.Text("startTime"));
        Assert.Equal(Now + TimeSpan.FromHours(1), plan.WakeAt);
        Assert.Equal(["Started", "Pending"], plan.Events.Select(one => one.Reason));
    }

    [Fact]
    public void A_result_that_was_reported_is_in_the_status()
    {
        var plan = Ended("""{exitCode: 0, reason: Completed, message: '[{"key":"r","value":"v","type":1},{"key":"StartedAt","value":"2026-01-01T00:00:06.000Z","type":3}]'}""");

        Assert.Equal(("True", "Succeeded"), Condition(plan));
        Assert.Equal("v", plan.Status.Objects("results").Single().Text("value"));
        Assert.Equal("2026-01-01T00:00:06Z", plan.Status.Objects("steps").Single().Text("terminated", "startedAt"));
    }

    [Fact]
    public void A_step_that_exits_with_three_fails_the_run_and_says_so()
    {
        var plan = Ended("{exitCode: 3, reason: Error}");

        Assert.Equal(("False", "StepFailed"), Condition(plan));
        Assert.Equal("\"step-a\" exited with code 3: Error", Conditions.Succeeded(plan.Status).Text("message"));
    }

    [Fact]
    public void A_failure_with_retries_left_is_put_aside()
    {
        var plan = Ended("{exitCode: 1, reason: Error}", retries: 1);

        Assert.Equal(("Unknown", "ToBeRetried"), Condition(plan));
        Assert.Equal("tr-pod", plan.Status.Objects("retriesStatus").Single().Text("podName"));
        Assert.Equal("tr-pod-retry1", Pod(TaskRunReconciler.Reconcile(World(1) with { Run = With(World(1).Run, plan.Status!) }, Now))!.Name());
    }

    [Fact]
    public void A_cancelled_run_loses_its_pod_and_is_not_retried()
    {
        var started = TaskRunReconciler.Reconcile(World(1), Now);
        var run = With(World(1).Run, started.Status!);
        run.Ensure("spec")["status"] = "TaskRunCancelled";

        var plan = TaskRunReconciler.Reconcile(World() with { Run = run, Pods = [Pod(started)!] }, Now);

        Assert.Equal(("False", "TaskRunCancelled"), Condition(plan));
        Assert.Contains(plan.Changes, change => change is Change.Delete { Key.Name: "tr-pod" });
    }

    [Fact]
    public void A_run_that_takes_too_long_is_ended()
    {
        var started = TaskRunReconciler.Reconcile(World(), Now);

        var plan = TaskRunReconciler.Reconcile(World() with { Run = With(World().Run, started.Status!), Pods = [Pod(started)!] }, Now.AddHours(1));

        Assert.Equal(("False", "TaskRunTimeout"), Condition(plan));
    }

    [Fact]
    public void A_second_look_at_a_waiting_pod_changes_nothing()
    {
        var started = TaskRunReconciler.Reconcile(World(), Now);

        var again = TaskRunReconciler.Reconcile(World() with { Run = With(World().Run, started.Status!), Pods = [Pod(started)!] }, Now.AddSeconds(5));

        Assert.True(JsonNode.DeepEquals(started.Status, again.Status));
        Assert.Empty(again.Events);
    }

    [Fact]
    public void A_pod_that_a_quota_refuses_is_tried_again_later()
    {
        var plan = TaskRunReconciler.Reconcile(World() with { PodRefusal = new PodRefusal(403, "Forbidden", "pods \"tr-pod\" is forbidden: exceeded quota: q") }, Now);

        Assert.Equal(("Unknown", "ExceededResourceQuota"), Condition(plan));
        Assert.Equal(Now.AddMinutes(1), plan.WakeAt);
        Assert.Null(plan.Status!["startTime"]);
        Assert.Null(Pod(plan));
    }

    [Fact]
    public void A_task_that_does_not_exist_ends_the_run()
    {
        var world = World();
        world.Run.Ensure("spec").Remove("taskSpec");
        world.Run.Ensure("spec")["taskRef"] = new JsonObject { ["name"] = "nope" };

        var plan = TaskRunReconciler.Reconcile(world, Now);

        Assert.Equal(("False", "TaskRunResolutionFailed"), Condition(plan));
    }

    private static Plan Ended(string terminated, int retries = 0)
    {
        var started = TaskRunReconciler.Reconcile(World(retries), Now);
        var pod = Pod(started)!.Copy();
        pod["status"] = YamlReader.ReadObject($"{{phase: Succeeded, containerStatuses: [{{name: step-a, state: {{terminated: {terminated}}}}}]}}", out _);
        return TaskRunReconciler.Reconcile(World(retries) with { Run = With(World(retries).Run, started.Status!), Pods = [pod] }, Now);
    }

    private static TaskRunWorld World(int retries = 0) => new()
    {
        Run = YamlReader.ReadObject(
            $$"""
            apiVersion: tekton.dev/v1
            kind: TaskRun
            metadata: {name: tr, namespace: ns, uid: u}
            spec:
              retries: {{retries}}
              taskSpec:
                results: [{name: r}]
                steps: [{name: a, image: alpine, script: "echo v > $(results.r.path)"}]
            """,
            out _)!,
        ServiceAccount = [],
    };

    private static JsonObject With(JsonObject run, JsonObject status)
    {
        run["status"] = status.DeepClone();
        return run;
    }

    private static JsonObject? Pod(Plan plan) => plan.Changes.OfType<Change.Create>().FirstOrDefault(create => create.Type == Kinds.Pod)?.Manifest;

    private static (string?, string?) Condition(Plan plan) =>
        (Conditions.Succeeded(plan.Status).Text("status"), Conditions.Succeeded(plan.Status).Text("reason"));
}
