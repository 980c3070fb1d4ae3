using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Load;

/// <summary>
/// Events to <c>bench/first-step.yaml</c>, whose TaskRun's step writes the time at which it runs as a result. The clock is the same machine's.
/// </summary>
internal static class FirstStep
{
    public static async Task<int> RunAsync(Uri url, string kubeconfig, int count)
    {
        using var kube = new HttpKube(Kubeconfig.Load(kubeconfig));
        using var client = new HttpClient();
        var started = new List<TimeSpan>();
        var ended = new List<TimeSpan>();
        for (var i = 0; i < count; i++)
        {
            using var content = new StringContent("{}", Encoding.UTF8, "application/json");
            var sent = DateTimeOffset.UtcNow;
            using var answer = await client.PostAsync(url, content);
            var id = (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["eventID"];
            var selector = new WatchQuery("", LabelSelector: $"triggers.tekton.dev/triggers-eventid={id}");
            await foreach (var change in kube.WatchAsync(Kinds.TaskRun, "default", selector, CancellationToken.None))
            {
                if (change.Object.Condition("Succeeded")?.Text("status") is not ("True" or "False"))
                {
                    continue;
                }

                ended.Add(DateTimeOffset.UtcNow - sent);
                var at = change.Object.Objects("status", "results").First().Text("value")!.Trim();
                started.Add(DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(at, CultureInfo.InvariantCulture) / 1_000_000) - sent);
                break;
            }
        }

        Console.WriteLine($"event to first step, {count} one after the other: {Number.Spread(started)}");
        Console.WriteLine($"event to TaskRun succeeded: {Number.Spread(ended)}");
        return 0;
    }
}
