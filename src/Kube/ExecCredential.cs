using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Kube;

/// <summary>
/// A credential plug-in of a kubeconfig: run once, and again when what it gave has expired or was refused. It gives a token, a client certificate, or
/// both. As client-go plugin/pkg/client/auth/exec. Any thread may ask.
/// </summary>
internal sealed class ExecCredential(JsonObject exec, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim turn = new(1, 1);
    private volatile Credential? current;

    /// <summary>The certificate that goes with the newest token.</summary>
    public X509Certificate2? Certificate => current?.Certificate;

    public async ValueTask<string?> TokenAsync(CancellationToken cancellationToken)
    {
        if (current is { } kept && !(kept.Expires <= time.GetUtcNow()))
        {
            return kept.Token;
        }

        await turn.WaitAsync(cancellationToken);
        try
        {
            current = current is { } other && !(other.Expires <= time.GetUtcNow()) ? other : await RunAsync(cancellationToken);
            return current.Token;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>The server refused it: the next one to ask runs the plug-in.</summary>
    public void Forget() => current = null;

    public void Dispose() => turn.Dispose();

    private async Task<Credential> RunAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(exec.Text("command") ?? "") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in exec.Items("args"))
        {
            start.ArgumentList.Add(argument.Text() ?? "");
        }

        foreach (var variable in exec.Objects("env"))
        {
            start.Environment[variable.Text("name") ?? ""] = variable.Text("value") ?? "";
        }

        start.Environment["KUBERNETES_EXEC_INFO"] = new JsonObject
        {
            ["apiVersion"] = exec.Text("apiVersion"),
            ["kind"] = "ExecCredential",
            ["spec"] = new JsonObject { ["interactive"] = false },
        }.ToJsonString();
        using var deadline = new CancellationTokenSource(LongestRun, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var process = Process.Start(start) ?? throw Refused($"exec plugin {start.FileName} did not start");
            var errors = process.StandardError.ReadToEndAsync(ending.Token);
            var output = await process.StandardOutput.ReadToEndAsync(ending.Token);
            await process.WaitForExitAsync(ending.Token);
            return process.ExitCode == 0
                ? Read(output)
                : throw Refused($"exec plugin {start.FileName} failed with exit code {process.ExitCode}: {(await errors).Trim()}");
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            var hint = exec.Text("installHint") is { Length: > 0 } text ? "\n" + text : "";
            throw Refused($"exec plugin {start.FileName} could not be started: {exception.Message}{hint}");
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw Refused($"exec plugin {start.FileName} did not end within {LongestRun.TotalSeconds} seconds");
        }
    }

    private Credential Read(string output)
    {
        try
        {
            var status = JsonNode.Parse(output).Object("status");
            var certificate = status.Text("clientCertificateData") is { Length: > 0 } pem && status.Text("clientKeyData") is { Length: > 0 } key
                ? Kubeconfig.Certificate(pem, key) : null;
            var token = status.Text("token") is { Length: > 0 } text ? text : null;
            return token is null && certificate is null
                ? throw Refused($"exec plugin {exec.Text("command")} gave neither a token nor a certificate")
                : new Credential(token, certificate, DateTimeOffset.TryParse(status.Text("expirationTimestamp"), out var at) ? at : null);
        }
        catch (Exception exception) when (exception is JsonException or CryptographicException or ArgumentException)
        {
            throw Refused($"exec plugin {exec.Text("command")} did not print a credential: {exception.Message}");
        }
    }

    private static KubeException Refused(string message) => new(401, "Unauthorized", message);

    private sealed record Credential(string? Token, X509Certificate2? Certificate, DateTimeOffset? Expires);
}
