using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Ledger;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Integration;

/// <summary><c>hikigane up</c> as a process of its own on a data directory: started, killed with SIGKILL, started again, and asked over its API.</summary>
internal sealed class UpProcess(string directory, DirectoryInfo? own = null) : IDisposable
{
    private readonly HttpClient client = new(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator });
    private Process? program;
    private string api = "";
    private string listeners = "";

    /// <summary>On a directory that goes with it.</summary>
    public UpProcess()
        : this(Directory.CreateTempSubdirectory("hikigane-up-"))
    {
    }

    private UpProcess(DirectoryInfo own)
        : this(Path.Combine(own.FullName, "data"), own)
    {
    }

    public int ProcessId => program?.Id ?? 0;

    public Uri Address => new(api);

    /// <summary>Another command that starts it; with one of these, the directory can be seen from inside the process only.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>What was built beside the tests, or what <c>HIKIGANE</c> names: the native binary has to pass them too.</summary>
    public static string Executable => Environment.GetEnvironmentVariable("HIKIGANE") is { Length: > 0 } named
        ? Path.GetFullPath(named) : Path.Combine(AppContext.BaseDirectory, "hikigane");

    public LedgerReader Ledger => LedgerReader.OpenFile(Path.Combine(directory, "ledger.db"))!;

    public void Dispose()
    {
        Kill();
        client.Dispose();
        own?.Delete(recursive: true);
    }

    /// <summary>Returns when it is ready.</summary>
    public async Task StartAsync(CancellationToken cancellationToken, params string[] options)
    {
        string[] words = [.. Before, Executable, "up", "--data", directory, "--port", "0", "--no-sandbox", .. options];
        program = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        program.ErrorDataReceived += static (_, _) => { };
        program.BeginErrorReadLine();
        listeners = "";
        while (listeners.Length == 0)
        {
            var line = await program.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("hikigane ended before it was ready");
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            api = fields is ["API", var at, ..] ? at : api;
            listeners = fields is ["events", var events, ..] ? events.Replace("NAMESPACE/LISTENER", "", StringComparison.Ordinal) : "";
        }

        var root = Before.Count > 0 ? $"/proc/{ProcessId}/root" : "";
        var token = await File.ReadAllTextAsync($"{root}{directory}/keys/admin.token", cancellationToken);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        program?.Kill();
        program?.WaitForExit();
        program?.Dispose();
        program = null;
    }

    /// <summary>Runs a command of the executable on this directory.</summary>
    public Task<(int ExitCode, string Text)> RunAsync(CancellationToken cancellationToken, params string[] arguments) =>
        new Tool(Executable, new Dictionary<string, string>()).RunAsync(cancellationToken, [.. arguments, "--data", directory]);

    /// <summary>Creates the objects of a YAML text, in <c>default</c> where they have a namespace.</summary>
    public async Task CreateAsync(string yaml, CancellationToken cancellationToken)
    {
        foreach (var document in YamlReader.Read(yaml).Documents)
        {
            var manifest = (JsonObject)document.Root!;
            var version = manifest.Text("apiVersion")!;
            var kind = manifest.Text("kind")!;
            var scope = kind.StartsWith("Cluster", StringComparison.Ordinal) ? "" : "namespaces/default/";
            var path = $"{(version == "v1" ? "api/v1" : "apis/" + version)}/{scope}{kind.ToLowerInvariant()}s";
            using var response = await client.PostAsync(new Uri($"{api}/{path}"), Json(manifest.ToJsonString()), cancellationToken);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
    }

    public async Task<JsonObject> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(new Uri($"{api}/{path}"), cancellationToken);
        return (JsonObject)JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
    }

    public Task ListenerReadyAsync(string name, CancellationToken cancellationToken) => Waits.UntilAsync(
        async () => (await GetAsync($"apis/apps/v1/namespaces/default/deployments/el-{name}", cancellationToken)).Integer("status", "readyReplicas") == 1, cancellationToken);

    /// <summary>Posts an event to a listener of <c>default</c>; returns the status and the answer.</summary>
    public async Task<(int Status, string Answer)> SendAsync(string listener, string body, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsync(new Uri(listeners + "default/" + listener), Json(body), cancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <summary>The id of an event that was acknowledged; null when it was not, because the process is away.</summary>
    public async Task<string?> AcknowledgedAsync(string listener, string body, CancellationToken cancellationToken)
    {
        try
        {
            var (status, answer) = await SendAsync(listener, body, cancellationToken);
            return status == 202 ? JsonNode.Parse(answer).Text("eventID") : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return null;
        }
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
