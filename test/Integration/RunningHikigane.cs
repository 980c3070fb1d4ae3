using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Integration;

/// <summary>The executable as a process on a directory of its own: started, killed with SIGKILL, started again, and asked over its API.</summary>
internal sealed class RunningHikigane : IDisposable
{
    private readonly HttpClient client = new(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator });
    private Process? program;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("hikigane-running-").FullName;

    public string Data => Path.Combine(Directory, "data");

    public string Api { get; private set; } = "";

    /// <summary>Ends in a slash; <c>NAMESPACE/LISTENER</c> comes behind it.</summary>
    public string Listeners { get; private set; } = "";

    private static string Executable => Path.Combine(AppContext.BaseDirectory, "hikigane");

    public void Dispose()
    {
        Kill();
        client.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    public async Task StartAsync(CancellationToken cancellationToken, params string[] options)
    {
        program = Process.Start(new ProcessStartInfo(Executable, ["up", "--data", Data, "--port", "0", "--no-sandbox", .. options]) { RedirectStandardOutput = true })!;
        var found = "";
        while (found.Length == 0)
        {
            var line = await program.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("hikigane ended before it was ready");
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Api = words is ["API", var api, ..] ? api : Api;
            found = words is ["events", var events, ..] ? events.Replace("NAMESPACE/LISTENER", "", StringComparison.Ordinal) : "";
        }

        Listeners = found;
        var token = await File.ReadAllTextAsync(Path.Combine(Data, "keys", "admin.token"), cancellationToken);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
    }

    public void Kill()
    {
        program?.Kill();
        program?.WaitForExit();
        program?.Dispose();
        program = null;
    }

    /// <summary>Creates the manifests of a YAML stream in <c>default</c>.</summary>
    public async Task ApplyAsync(string yaml, CancellationToken cancellationToken)
    {
        foreach (var document in YamlReader.Read(yaml).Documents)
        {
            var manifest = (JsonObject)document.Root!;
            var version = manifest.Text("apiVersion")!;
            var kind = manifest.Text("kind")!;
            var scope = kind.StartsWith("Cluster", StringComparison.Ordinal) ? "" : "namespaces/default/";
            using var response = await client.PostAsync(
                new Uri($"{Api}/{(version == "v1" ? "api/v1" : "apis/" + version)}/{scope}{kind.ToLowerInvariant()}s"), Json(manifest.ToJsonString()), cancellationToken);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
    }

    public Task ListenerReadyAsync(string name, CancellationToken cancellationToken) => Waits.UntilAsync(
        async () => (await GetAsync($"apis/apps/v1/namespaces/default/deployments/el-{name}", cancellationToken)).Integer("status", "readyReplicas") == 1, cancellationToken);

    public async Task<JsonObject> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(new Uri($"{Api}/{path}"), cancellationToken);
        return (JsonObject)JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
    }

    /// <summary>Sends an event; null when it was not acknowledged.</summary>
    public async Task<string?> SendAsync(string listener, string body, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.PostAsync(new Uri($"{Listeners}default/{listener}"), Json(body), cancellationToken);
            return response.IsSuccessStatusCode ? JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken)).Text("eventID") : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return null;
        }
    }

    /// <summary>Runs a command of the executable on this directory.</summary>
    public Task<(int ExitCode, string Text)> RunAsync(CancellationToken cancellationToken, params string[] arguments) =>
        new Tool(Executable, new Dictionary<string, string>()).RunAsync(cancellationToken, [.. arguments, "--data", Data]);

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
