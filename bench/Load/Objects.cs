using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;

namespace Hikigane.Load;

/// <summary>Signed pushes to <c>bench/github.yaml</c>: signature, filter, overlay, create.</summary>
internal static class Objects
{
    private const int Senders = 32;

    public static async Task<int> RunAsync(Uri url, string kubeconfig, int count)
    {
        using var kube = new HttpKube(Kubeconfig.Load(kubeconfig));
        var before = (await kube.ListAsync(Kinds.ConfigMap, "default", new ListQuery("bench=push"), CancellationToken.None)).Items.Count;
        var body = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["ref"] = "refs/heads/main",
            ["after"] = "1f3ac09d5a2b7c8e9f00112233445566778899aa",
            ["repository"] = new JsonObject { ["full_name"] = "acme/api", ["clone_url"] = "https://example.com/acme/api.git" },
            ["padding"] = new string('x', 2000),
        }.ToJsonString());
        var signature = "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("bench-secret"u8, body));
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Senders });
        var watch = Stopwatch.StartNew();
        var sent = -1;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            while (Interlocked.Increment(ref sent) < count)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, url);
                request.Content = new ByteArrayContent(body) { Headers = { { "Content-Type", "application/json" } } };
                request.Headers.Add("X-GitHub-Event", "push");
                request.Headers.Add("X-Hub-Signature-256", signature);
                using var answer = await client.SendAsync(request);
                answer.EnsureSuccessStatusCode();
            }
        }));
        Console.WriteLine($"acks of events that create: {Number.PerSecond(count, watch)}");
        while ((await kube.ListAsync(Kinds.ConfigMap, "default", new ListQuery("bench=push"), CancellationToken.None)).Items.Count < before + count)
        {
            await Task.Delay(50);
        }

        Console.WriteLine($"objects created by events, until all are seen: {Number.PerSecond(count, watch)}");
        return 0;
    }
}
