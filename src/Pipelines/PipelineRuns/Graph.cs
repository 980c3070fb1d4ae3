using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>What comes before what among the tasks of a pipeline. As tektoncd/pipeline pkg/reconciler/pipeline/dag.</summary>
internal sealed class Graph
{
    private readonly Dictionary<string, List<string>> before = [];

    private Graph()
    {
    }

    /// <summary>Why there is no order; null when there is one.</summary>
    public string? Error { get; private set; }

    /// <summary>The tasks that a task waits for.</summary>
    public IReadOnlyList<string> Before(string task) => before.GetValueOrDefault(task) ?? [];

    public static Graph Of(IReadOnlyList<JsonObject> tasks)
    {
        var graph = new Graph();
        foreach (var task in tasks)
        {
            var name = task.Text("name") ?? "";
            if (!graph.before.TryAdd(name, []))
            {
                graph.Error ??= $"duplicate pipeline task";
            }
        }

        foreach (var task in tasks)
        {
            graph.Link(task);
        }

        graph.Error ??= graph.Cycle(tasks);
        return graph;
    }

    private void Link(JsonObject task)
    {
        var name = task.Text("name") ?? "";
        var named = task.Items("runAfter").Select(item => (item as JsonValue)?.ToString() ?? "");
        var referred = ResultReference.Places(task).SelectMany(ResultReference.TasksIn);
        foreach (var previous in named.Concat(referred).Distinct())
        {
            if (before.ContainsKey(previous))
            {
                before[name].Add(previous);
            }
            else
            {
                Error ??= $"couldn't add link between {name} and {previous}: task {name} depends on {previous} but {previous} wasn't present in Pipeline";
            }
        }
    }

    private string? Cycle(IReadOnlyList<JsonObject> tasks)
    {
        var left = tasks.Select(task => task.Text("name") ?? "").ToHashSet();
        while (left.Where(name => !Before(name).Any(left.Contains)).ToList() is { Count: > 0 } free)
        {
            left.ExceptWith(free);
        }

        if (left.Count == 0)
        {
            return null;
        }

        var parts = left.Order(StringComparer.Ordinal)
            .Select(name => $"task \"{name}\" depends on {string.Join(", ", Before(name).Where(left.Contains).Order(StringComparer.Ordinal).Select(one => $"\"{one}\""))}");
        return $"cycle detected; {string.Join(", ", parts)}";
    }
}
