using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Ledger;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Integration;

/// <summary><c>hikigane up</c> as a process of its own on a data directory, which may be killed and started again.</summary>
internal sealed class UpProcess(string directory) : IDisposable
{
    private readonly HttpClient client = new(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator });
    private Process? program;
    private string api = "";
    private string listeners = "";

    public int ProcessId => program?.Id ?? 0;

    public Uri Address => new(api);

    /// <summary>Whether the directory can be seen from inside the process only.</summary>
    public bool IsOnItsOwnMount { get; init; }

    public static string Executable => Path.Combine(AppContext.BaseDirectory, "hikigane");

    public void Dispose()
    {
        Kill();
        client.Dispose();
    }

    /// <summary>Starts it, behind another command where one is given, and returns when it is ready.</summary>
    public async Task StartAsync(CancellationToken cancellationToken, params string[] before)
    {
        string[] words = [.. before, Executable, "up", "--data", directory, "--port", "0", "--no-sandbox"];
        program = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        program.ErrorDataReceived += static (_, _) => { };
        program.BeginErrorReadLine();
        listeners = "";
        while (listeners.Length == 0)
        {
            var line = await program.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("hikigane ended before it was ready");
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            api = fields[0] == "API" ? fields[1] : api;
            listeners = fields[0] == "events" ? fields[1].Replace("NAMESPACE/LISTENER", "", StringComparison.Ordinal) : "";
        }

        var root = IsOnItsOwnMount ? $"/proc/{ProcessId}/root" : "";
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

    /// <summary>Creates the objects of a YAML text in <c>default</c>.</summary>
    public async Task CreateAsync(string yaml, CancellationToken cancellationToken)
    {
        foreach (var document in YamlReader.Read(yaml).Documents)
        {
            var manifest = (JsonObject)document.Root!;
            var version = manifest.Text("apiVersion")!;
            var path = $"{(version == "v1" ? "api/v1" : "apis/" + version)}/namespaces/default/{manifest.Text("kind")!.ToLowerInvariant()}s";
            using var response = await client.PostAsync(new Uri($"{api}/{path}"), Json(manifest.ToJsonString()), cancellationToken);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
    }

    public async Task<JsonObject> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(new Uri($"{api}/{path}"), cancellationToken);
        return (JsonObject)JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
    }

    /// <summary>Posts an event to a listener of <c>default</c>; returns the status and the answer.</summary>
    public async Task<(int Status, string Answer)> SendAsync(string listener, string body, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsync(new Uri(listeners + "default/" + listener), Json(body), cancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    public LedgerReader Ledger => LedgerReader.OpenFile(Path.Combine(directory, "ledger.db"))!;

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
