using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Ledger;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Integration;

/// <summary>What was acknowledged is decided once, whenever the program was killed: the executable as a process, and SIGKILL.</summary>
public sealed class KilledAndStartedAgain : IDisposable
{
    private const int Seed = 20240;
    private const int Rounds = 3;
    private const int Events = 10;

    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-killed-").FullName;
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;
    private readonly HttpClient client = new(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator });
    private Process? program;
    private string api = "";
    private string listeners = "";

    public void Dispose()
    {
        Kill();
        client.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Each_acknowledged_event_makes_exactly_one_run()
    {
        var random = new Random(Seed);
        await StartAsync();
        await PrepareAsync();
        var acknowledged = new List<string>();
        for (var round = 0; round < Rounds; round++)
        {
            await Waits.UntilAsync(async () => await SucceedsAsync("apis/apps/v1/namespaces/default/deployments/el-build-deploy-pipeline-listener"), cancellationToken);
            acknowledged.AddRange(await Task.WhenAll(Enumerable.Range(0, Events).Select(_ => SendAsync())));
            Thread.SpinWait(random.Next(2_000_000));
            Kill();
            await StartAsync();
            await Waits.UntilAsync(() => Task.FromResult(Decided() == acknowledged.Count), cancellationToken);

            var runs = await GetAsync("apis/tekton.dev/v1/namespaces/default/pipelineruns");
            Assert.Equal(acknowledged.Order(), runs.Objects("items").Select(run => run.Label("triggers.tekton.dev/triggers-eventid")).Order());
        }
    }

    private async Task StartAsync()
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "hikigane")) { RedirectStandardOutput = true };
        foreach (var argument in new[] { "up", "--data", directory, "--port", "0", "--no-sandbox" })
        {
            start.ArgumentList.Add(argument);
        }

        program = Process.Start(start)!;
        listeners = "";
        while (listeners.Length == 0)
        {
            var line = await program.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("hikigane ended before it was ready");
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            api = words[0] == "API" ? words[1] : api;
            listeners = words[0] == "events" ? words[1].Replace("NAMESPACE/LISTENER", "", StringComparison.Ordinal) : "";
        }

        var token = await File.ReadAllTextAsync(Path.Combine(directory, "keys", "admin.token"), cancellationToken);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
    }

    private void Kill()
    {
        program?.Kill();
        program?.WaitForExit();
        program?.Dispose();
        program = null;
    }

    private async Task PrepareAsync()
    {
        foreach (var file in new[] { "trigger-sa.yaml", "my-trigger.yaml" })
        {
            var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "samples", "walkthrough", file), cancellationToken);
            foreach (var document in YamlReader.Read(text).Documents)
            {
                var manifest = (JsonObject)document.Root!;
                var version = manifest.Text("apiVersion")!;
                var path = $"{(version == "v1" ? "api/v1" : "apis/" + version)}/namespaces/default/{manifest.Text("kind")!.ToLowerInvariant()}s";
                using var response = await client.PostAsync(new Uri($"{api}/{path}"), Json(manifest.ToJsonString()), cancellationToken);
                Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
            }
        }
    }

    private async Task<string> SendAsync()
    {
        const string body = """{"head_commit":{"id": "master"},"repository":{"url": "https://example.com/myapp"}}""";
        using var response = await client.PostAsync(new Uri(listeners + "default/build-deploy-pipeline-listener"), Json(body), cancellationToken);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return answer.Text("eventID") ?? throw new InvalidOperationException("not acknowledged: " + answer);
    }

    private int Decided() =>
        LedgerReader.OpenFile(Path.Combine(directory, "ledger.db"))?.List(new LedgerQuery { Limit = 1000 }).Count(delivery => delivery.DecidedAt is not null) ?? 0;

    private async Task<bool> SucceedsAsync(string path) => (await GetAsync(path)).Integer("status", "readyReplicas") == 1;

    private async Task<JsonObject> GetAsync(string path)
    {
        using var response = await client.GetAsync(new Uri($"{api}/{path}"), cancellationToken);
        return (JsonObject)JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
