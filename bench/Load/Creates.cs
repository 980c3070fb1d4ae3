using System.Diagnostics;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;

namespace Hikigane.Load;

/// <summary>Durable creates over the API's own wire.</summary>
internal static class Creates
{
    public static async Task<int> RunAsync(string kubeconfig, int count, int connections)
    {
        using var kube = new HttpKube(Kubeconfig.Load(kubeconfig));
        var run = Guid.NewGuid().ToString("N")[..8];
        var next = -1;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                await kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap($"load-{run}-{i}"), CancellationToken.None);
            }
        }));
        Console.WriteLine($"API creates, {connections} at a time: {Number.PerSecond(count, watch)}");
        return 0;
    }

    internal static JsonObject ConfigMap(string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["bench"] = "create" } },
        ["data"] = new JsonObject { ["text"] = new string('x', 500) },
    };
}
