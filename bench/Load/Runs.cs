using System.Diagnostics;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Load;

/// <summary>PipelineRuns of four tasks, each a step that does nothing, all made at once.</summary>
internal static class Runs
{
    public static async Task<int> RunAsync(string kubeconfig, int count)
    {
        using var kube = new HttpKube(Kubeconfig.Load(kubeconfig));
        var label = "bench-run-" + Guid.NewGuid().ToString("N")[..8];
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, stop) =>
            await kube.CreateAsync(Kinds.PipelineRun, "default", Run($"{label}-{i}", label), stop));
        Console.WriteLine($"PipelineRuns made: {Number.PerSecond(count, watch)}");
        while (true)
        {
            var runs = (await kube.ListAsync(Kinds.PipelineRun, "default", new ListQuery("bench=" + label), CancellationToken.None)).Items;
            var ended = runs.Where(run => run.Condition("Succeeded")?.Text("status") is "True" or "False").ToList();
            if (ended.Count == count)
            {
                var failed = ended.Count(run => run.Condition("Succeeded")?.Text("status") == "False");
                Console.WriteLine($"PipelineRuns of four tasks to the end: {Number.PerSecond(count, watch)}, {failed} failed");
                return failed == 0 ? 0 : 1;
            }

            await Task.Delay(200);
        }
    }

    private static JsonObject Run(string name, string label) => new()
    {
        ["apiVersion"] = "tekton.dev/v1",
        ["kind"] = "PipelineRun",
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["bench"] = label } },
        ["spec"] = new JsonObject
        {
            ["pipelineSpec"] = new JsonObject { ["tasks"] = new JsonArray(Step("a"), Step("b", "a"), Step("c", "a"), Step("d", "b", "c")) },
        },
    };

    private static JsonObject Step(string name, params string[] after) => new()
    {
        ["name"] = name,
        ["runAfter"] = new JsonArray([.. after.Select(one => (JsonNode)one)]),
        ["taskSpec"] = new JsonObject
        {
            ["steps"] = new JsonArray(new JsonObject { ["name"] = "nothing", ["image"] = "busybox", ["command"] = new JsonArray("true") }),
        },
    };
}
