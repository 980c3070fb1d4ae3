using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Kube;

/// <summary>Reads a kubeconfig: the current context (or a named one), its cluster and its user. As client-go tools/clientcmd.</summary>
public static class Kubeconfig
{
    /// <summary>The connection that a file describes. Throws <see cref="InvalidDataException"/> with what is wrong in it.</summary>
    public static KubeConnection Load(string path, string? contextName = null)
    {
        var config = YamlReader.ReadObject(File.ReadAllText(path), out var error) ?? throw new InvalidDataException($"{path}: {error ?? "not an object"}");
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var context = Named(config, "contexts", "context", contextName ?? config.Text("current-context") ?? "", path);
        var cluster = Named(config, "clusters", "cluster", context.Text("cluster") ?? "", path);
        var user = Named(config, "users", "user", context.Text("user") ?? "", path);
        var server = cluster.Text("server");
        if (!Uri.TryCreate(server, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new InvalidDataException($"{path}: cluster \"{context.Text("cluster")}\" has no usable server: \"{server}\"");
        }

        return new KubeConnection
        {
            Server = address,
            Authorities = Authorities(cluster, directory),
            SkipsVerification = cluster.Flag("insecure-skip-tls-verify"),
            ServerName = cluster.Text("tls-server-name"),
            ClientCertificate = Client(user, directory),
            Token = Token(user, directory),
            Namespace = context.Text("namespace") ?? "default",
        };
    }

    private static JsonObject Named(JsonObject config, string list, string field, string name, string path) =>
        config.Objects(list).FirstOrDefault(entry => entry.Text("name") == name) is { } found
            ? found.Object(field) ?? []
            : throw new InvalidDataException($"{path}: {field} \"{name}\" does not exist");

    private static X509Certificate2Collection? Authorities(JsonObject cluster, string directory)
    {
        if (Pem(cluster, "certificate-authority", directory) is not { } pem)
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(pem);
        return authorities;
    }

    private static X509Certificate2? Client(JsonObject user, string directory)
    {
        if (Pem(user, "client-certificate", directory) is not { } certificate || Pem(user, "client-key", directory) is not { } key)
        {
            return null;
        }

        using var read = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
    }

    private static string? Pem(JsonObject entry, string name, string directory)
    {
        if (entry.Text($"{name}-data") is { Length: > 0 } data)
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(data));
        }

        return entry.Text(name) is { Length: > 0 } file ? File.ReadAllText(Path.Combine(directory, file)) : null;
    }

    private static Func<CancellationToken, ValueTask<string?>> Token(JsonObject user, string directory)
    {
        if (user.Text("token") is { Length: > 0 } token)
        {
            return _ => ValueTask.FromResult<string?>(token);
        }

        if (user.Text("tokenFile") is { Length: > 0 } file)
        {
            return KubeConnection.FromFile(Path.Combine(directory, file));
        }

        return user.Object("exec") is { } exec ? new ExecCredential(exec).TokenAsync : _ => ValueTask.FromResult<string?>(null);
    }

    /// <summary>A credential plug-in: run once, and again when its token has expired.</summary>
    private sealed class ExecCredential(JsonObject exec) : IDisposable
    {
        private readonly SemaphoreSlim turn = new(1, 1);
        private string? token;
        private DateTimeOffset? expires;

        public async ValueTask<string?> TokenAsync(CancellationToken cancellationToken)
        {
            await turn.WaitAsync(cancellationToken);
            try
            {
                if (token is null || expires <= TimeProvider.System.GetUtcNow())
                {
                    await RunAsync(cancellationToken);
                }

                return token;
            }
            finally
            {
                turn.Release();
            }
        }

        public void Dispose() => turn.Dispose();

        private async Task RunAsync(CancellationToken cancellationToken)
        {
            var start = new ProcessStartInfo(exec.Text("command") ?? "") { RedirectStandardOutput = true, UseShellExecute = false };
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
            using var process = Process.Start(start) ?? throw new InvalidDataException($"exec plugin {start.FileName} did not start");
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                throw new KubeException(401, "Unauthorized", $"exec plugin {start.FileName} failed with exit code {process.ExitCode}");
            }

            try
            {
                var credential = JsonNode.Parse(output);
                token = credential.Text("status", "token");
                expires = DateTimeOffset.TryParse(credential.Text("status", "expirationTimestamp"), out var at) ? at : null;
            }
            catch (JsonException exception)
            {
                throw new KubeException(401, "Unauthorized", $"exec plugin {start.FileName} did not print a credential: {exception.Message}");
            }
        }
    }
}
