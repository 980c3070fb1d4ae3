using System.Text.Json.Nodes;
using Hikigane.Pipelines.PipelineRuns;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Golden.Pipelines;

/// <summary>What the TaskRun controller and the pod would do to a TaskRun, as far as a PipelineRun can see it.</summary>
internal static class TaskRunOutcomes
{
    /// <summary>Takes a TaskRun on: start, Task's labels, cancellation, time-out.</summary>
    public static void Observe(JsonObject taskRun, JsonObject? task, DateTimeOffset now)
    {
        if (taskRun.Condition("Succeeded").Text("status") is "True" or "False")
        {
            return;
        }

        if (taskRun["status"].At("startTime") is null)
        {
            taskRun.Ensure("status")["startTime"] = RunClock.Text(now);
        }

        if (taskRun.Condition("Succeeded") is null)
        {
            Begin(taskRun, task);
            Conclude(taskRun, "Unknown", "Pending", "Pending", now);
        }

        if (taskRun.Text("spec", "status") == "TaskRunCancelled")
        {
            Conclude(taskRun, "False", "TaskRunCancelled", $"TaskRun \"{taskRun.Name()}\" was cancelled. {taskRun.Text("spec", "statusMessage")}{Previous(taskRun)}", now);
        }
        else if (Deadline(taskRun) is { } deadline && now >= deadline && !IsRetried(taskRun, now))
        {
            Conclude(taskRun, "False", "TaskRunTimeout", $"TaskRun \"{taskRun.Name()}\" failed to finish within \"{taskRun.Text("spec", "timeout")}\"{Previous(taskRun)}", now);
        }
    }

    public static DateTimeOffset? Deadline(JsonObject taskRun) =>
        GoDuration.Parse(taskRun.Text("spec", "timeout")) is { } limit && limit > TimeSpan.Zero ? RunClock.Time(taskRun.Text("status", "startTime")) + limit : null;

    public static void Finish(JsonObject taskRun, JsonObject? outcome, Dictionary<string, int> attempts, DateTimeOffset now)
    {
        var exit = outcome.Flag("oom") ? 137 : outcome.Integer("exit") ?? 0;
        attempts[taskRun.Name()] = attempts.GetValueOrDefault(taskRun.Name()) + 1;
        Results(taskRun, outcome);
        if (exit == 0 || taskRun.Objects("spec", "taskSpec", "steps").FirstOrDefault().Text("onError") == "continue")
        {
            Conclude(taskRun, "True", "Succeeded", "All Steps have completed executing", now);
            return;
        }

        var step = taskRun.Objects("status", "taskSpec", "steps").FirstOrDefault().Text("name") is { Length: > 0 } name ? name : "unnamed-0";
        var message = $"\"step-{step}\" exited with code {exit}: {(outcome.Flag("oom") ? "OOMKilled" : "Error")}";
        if (IsRetried(taskRun, now))
        {
            return;
        }

        Conclude(taskRun, "False", OnError(taskRun, outcome.Flag("oom") ? "StepOOM" : "StepFailed"), message, now);
    }

    /// <summary>Begins the next attempt where there is one.</summary>
    private static bool IsRetried(JsonObject taskRun, DateTimeOffset now)
    {
        if (taskRun.Items("status", "retriesStatus").Count() >= (taskRun.Integer("spec", "retries") ?? 0))
        {
            return false;
        }

        var status = taskRun.Ensure("status");
        var list = status["retriesStatus"] as JsonArray ?? [];
        status["retriesStatus"] = new JsonArray([.. list.Select(one => one?.DeepClone()), new JsonObject()]);
        status.Remove("results");
        status["startTime"] = RunClock.Text(now);
        Conclude(taskRun, "Unknown", "Pending", "Pending", now);
        return true;
    }

    public static void Conclude(JsonObject taskRun, string status, string reason, string message, DateTimeOffset now) =>
        taskRun.Ensure("status")["conditions"] = new JsonArray(new JsonObject
        {
            ["type"] = "Succeeded",
            ["status"] = status,
            ["reason"] = reason,
            ["message"] = message,
            ["lastTransitionTime"] = RunClock.Text(now),
        });

    private static void Begin(JsonObject taskRun, JsonObject? task)
    {
        var metadata = taskRun.Ensure("metadata");
        metadata.Ensure("annotations")["pipeline.tekton.dev/release"] = "<release>";
        taskRun.Ensure("status")["taskSpec"] = (taskRun["spec"].At("taskSpec") ?? task?["spec"])?.DeepClone() ?? new JsonObject();
        if (task is null)
        {
            return;
        }

        metadata.Ensure("labels")["tekton.dev/task"] = task.Name();
        foreach (var map in new[] { "labels", "annotations" })
        {
            foreach (var (key, value) in task.Object("metadata", map) ?? [])
            {
                metadata.Ensure(map)[key] ??= value?.DeepClone();
            }
        }
    }

    private static string Previous(JsonObject taskRun) =>
        taskRun.Condition("Succeeded").Text("reason") == "Pending" ? "\nPrevious status: [Pending] Pending" : "";

    private static string OnError(JsonObject taskRun, string reason) =>
        taskRun.Annotation("pipeline.tekton.dev/pipeline-task-on-error") == "continue" ? "FailureIgnored" : reason;

    private static void Results(JsonObject taskRun, JsonObject? outcome)
    {
        var declared = taskRun.Objects("status", "taskSpec", "results").ToList();
        var written = new Dictionary<string, string>();
        foreach (var (name, value) in outcome.Object("results") ?? [])
        {
            written[name] = value?.ToString() ?? "";
        }

        if (outcome.Flag("auto"))
        {
            foreach (var result in declared.Where(result => result["value"] is null))
            {
                written.TryAdd(result.Text("name") ?? "", Auto(result));
            }
        }

        var results = declared.Where(result => written.ContainsKey(result.Text("name") ?? "")).OrderBy(result => result.Text("name"), StringComparer.Ordinal).Select(result =>
        {
            var value = ParamValue.Parse(written[result.Text("name") ?? ""]);
            return new JsonObject { ["name"] = result.Text("name"), ["type"] = value.Type, ["value"] = value.ToJson() };
        }).ToList();
        if (results.Count > 0)
        {
            taskRun.Ensure("status")["results"] = new JsonArray([.. results]);
        }
    }

    private static string Auto(JsonObject result)
    {
        var name = result.Text("name") ?? "";
        return result.Text("type") switch
        {
            "array" => new JsonArray($"{name}-0", $"{name}-1").ToJsonString(),
            "object" => new JsonObject((result.Object("properties") ?? []).OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)$"{name}-{pair.Key}"))).ToJsonString(),
            _ => $"{name}-value",
        };
    }
}
