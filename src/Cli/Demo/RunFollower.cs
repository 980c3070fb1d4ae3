using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Cli.Demo;

/// <summary>Follows a PipelineRun to its end: a line per task when it starts and ends, and the log of one that fails.</summary>
internal sealed class RunFollower(IKube kube, IPodStreams pods, TextWriter output)
{
    private readonly Dictionary<string, string> shown = [];

    /// <summary>Waits for the first run in a namespace; runs that are there already count.</summary>
    public async Task<JsonObject> FirstRunAsync(string ns, CancellationToken cancellationToken)
    {
        var list = await kube.ListAsync(Kinds.PipelineRun, ns, ListQuery.All, cancellationToken);
        if (list.Items.Count > 0)
        {
            return list.Items[0];
        }

        await foreach (var change in kube.WatchAsync(Kinds.PipelineRun, ns, new WatchQuery(list.ResourceVersion), cancellationToken))
        {
            if (change.Type is WatchEventType.Added or WatchEventType.Modified)
            {
                return change.Object;
            }
        }

        throw new InvalidOperationException("The watch of pipelineruns ended before one appeared.");
    }

    /// <summary>Returns the finished run.</summary>
    public async Task<JsonObject> FollowAsync(JsonObject run, CancellationToken cancellationToken)
    {
        var list = await kube.ListAsync(Kinds.TaskRun, run.Namespace(), ListQuery.All, cancellationToken);
        foreach (var taskRun in list.Items)
        {
            await ShowAsync(taskRun, cancellationToken);
        }

        using var finished = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tasks = ShowTasksAsync(run.Namespace(), list.ResourceVersion, finished.Token);
        var last = await WaitAsync(run, cancellationToken);
        await finished.CancelAsync();
        await tasks;
        foreach (var taskRun in (await kube.ListAsync(Kinds.TaskRun, run.Namespace(), ListQuery.All, cancellationToken)).Items)
        {
            await ShowAsync(taskRun, cancellationToken);
        }

        return last;
    }

    private async Task<JsonObject> WaitAsync(JsonObject run, CancellationToken cancellationToken)
    {
        var current = await kube.GetAsync(Kinds.PipelineRun, run.Namespace(), run.Name(), cancellationToken);
        if (IsDone(current))
        {
            return current;
        }

        var query = new WatchQuery(current.Text("metadata", "resourceVersion")!, FieldSelector: "metadata.name=" + run.Name());
        await foreach (var change in kube.WatchAsync(Kinds.PipelineRun, run.Namespace(), query, cancellationToken))
        {
            if (change.Type == WatchEventType.Modified && IsDone(change.Object))
            {
                return change.Object;
            }
        }

        throw new InvalidOperationException("The watch of the run ended before the run did.");
    }

    private async Task ShowTasksAsync(string ns, string resourceVersion, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var change in kube.WatchAsync(Kinds.TaskRun, ns, new WatchQuery(resourceVersion), cancellationToken))
            {
                if (change.Type is WatchEventType.Added or WatchEventType.Modified)
                {
                    await ShowAsync(change.Object, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task ShowAsync(JsonObject taskRun, CancellationToken cancellationToken)
    {
        var succeeded = taskRun.Condition("Succeeded");
        var state = (succeeded.Text("status"), succeeded.Text("reason")) switch
        {
            ("True", _) => "succeeded",
            ("False", var reason) => "failed: " + reason,
            _ => "started",
        };
        if (shown.GetValueOrDefault(taskRun.Name()) == state)
        {
            return;
        }

        shown[taskRun.Name()] = state;
        await output.WriteLineAsync($"  {taskRun.Label("tekton.dev/pipelineTask") ?? taskRun.Name(),-20} {state}");
        if (state.StartsWith("failed", StringComparison.Ordinal))
        {
            await output.WriteLineAsync("    " + succeeded.Text("message"));
            await ShowLogAsync(taskRun, cancellationToken);
        }
    }

    private async Task ShowLogAsync(JsonObject taskRun, CancellationToken cancellationToken)
    {
        if (taskRun.Text("status", "podName") is not { Length: > 0 } podName)
        {
            return;
        }

        try
        {
            var pod = await kube.GetAsync(Kinds.Pod, taskRun.Namespace(), podName, cancellationToken);
            foreach (var container in pod.Objects("spec", "containers"))
            {
                await foreach (var chunk in pods.LogAsync(pod, container.Text("name") ?? "", new LogQuery(TailLines: 20), cancellationToken))
                {
                    await output.WriteAsync(Encoding.UTF8.GetString(chunk.Span));
                }
            }
        }
        catch (KubeException exception)
        {
            await output.WriteLineAsync("    no log: " + exception.Message);
        }
    }

    private static bool IsDone(JsonObject run) => run.Condition("Succeeded").Text("status") is "True" or "False";
}
