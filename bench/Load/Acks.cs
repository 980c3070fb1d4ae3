using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace Hikigane.Load;

/// <summary>
/// Events at a fixed rate. A duration counts from the moment the event was due, not from when it could be sent: a slow answer does not
/// hide those that had to wait behind it. The first two seconds warm both sides and are not counted.
/// </summary>
internal static class Acks
{
    private const int Senders = 32;
    private const int WarmSeconds = 2;

    public static async Task<int> RunAsync(Uri url, int rate, int seconds)
    {
        var took = new ConcurrentBag<TimeSpan>();
        var refused = 0;
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Senders });
        var body = """{"ref":"refs/heads/x"}"""u8.ToArray();
        var warm = rate * WarmSeconds;
        var total = warm + (rate * seconds);
        var next = -1;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < total; i = Interlocked.Increment(ref next))
            {
                var due = TimeSpan.FromSeconds((double)i / rate);
                if (due - watch.Elapsed is { Ticks: > 0 } pause)
                {
                    await Task.Delay(pause);
                }

                using var content = new ByteArrayContent(body) { Headers = { { "Content-Type", "application/json" } } };
                using var answer = await client.PostAsync(url, content);
                if (i >= warm)
                {
                    took.Add(watch.Elapsed - due);
                }

                if (answer.StatusCode != HttpStatusCode.Accepted)
                {
                    Interlocked.Increment(ref refused);
                }
            }
        }));
        Console.WriteLine($"acks at {rate}/s: {Number.PerSecond(total, watch)}, {Number.Spread(took)}{(refused > 0 ? $", {refused} refused" : "")}");
        return refused == 0 ? 0 : 1;
    }
}
