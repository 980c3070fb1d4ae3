using System.Diagnostics;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Load;

/// <summary>Many watchers on one object, over HTTP/2 streams.</summary>
internal static class Watchers
{
    public static async Task<int> RunAsync(string kubeconfig, int count)
    {
        using var kube = new HttpKube(Kubeconfig.Load(kubeconfig));
        var name = $"watched-{Guid.NewGuid():N}";
        var created = await kube.CreateAsync(Kinds.ConfigMap, "default", ConfigMap(name), CancellationToken.None);
        using var stopping = new CancellationTokenSource();
        var ready = new CountdownEvent(count);
        var reached = new CountdownEvent(count);
        var query = new WatchQuery("", FieldSelector: $"metadata.name={name}");
        var watchers = Enumerable.Range(0, count).Select(_ => Task.Run(async () =>
        {
            try
            {
                // Without a version the watch begins with the object as it is: then this watcher is there.
                await foreach (var change in kube.WatchAsync(Kinds.ConfigMap, "default", query, stopping.Token))
                {
                    (change.Type == WatchEventType.Modified ? reached : ready).Signal();
                }
            }
            catch (OperationCanceledException)
            {
            }
        })).ToList();
        await Task.Run(ready.Wait);
        var watch = Stopwatch.StartNew();
        var changed = (JsonObject)created.DeepClone();
        changed["data"]!["text"] = "changed";
        await kube.UpdateAsync(Kinds.ConfigMap, changed, CancellationToken.None);
        await Task.Run(reached.Wait);
        Console.WriteLine($"{count} watchers: one update of {created.Name().Length + 500} bytes reached all after {watch.Elapsed.TotalMilliseconds:F0} ms");
        await stopping.CancelAsync();
        await Task.WhenAll(watchers);
        return 0;
    }

    private static JsonObject ConfigMap(string name) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["bench"] = "create" } },
        ["data"] = new JsonObject { ["text"] = new string('x', 500) },
    };
}
