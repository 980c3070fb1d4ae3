using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Yaml;

namespace Hikigane.Kube;

/// <summary>
/// Reads a kubeconfig: the current context (or a named one), its cluster and its user. Several files, separated as on the PATH, count as one; the
/// first that names a thing says what it is. As client-go tools/clientcmd.
/// </summary>
public static class Kubeconfig
{
    private static readonly string[] FileFields = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

    /// <summary>The files that are read when none is named: those of <c>KUBECONFIG</c>, else <c>~/.kube/config</c>.</summary>
    public static string DefaultPath => Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } named
        ? named
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");

    /// <summary>The connection that the files describe. Throws <see cref="InvalidDataException"/> with what is wrong in them.</summary>
    public static KubeConnection Load(string path, string? contextName = null)
    {
        var config = Merge(path);
        var context = Named(config, "contexts", "context", contextName ?? config.Text("current-context") ?? "", path);
        var cluster = Named(config, "clusters", "cluster", context.Text("cluster") ?? "", path);
        var user = Named(config, "users", "user", context.Text("user") ?? "", path);
        var server = cluster.Text("server");
        if (!Uri.TryCreate(server, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new InvalidDataException($"{path}: cluster \"{context.Text("cluster")}\" has no usable server: \"{server}\"");
        }

        try
        {
            return WithUser(user, new KubeConnection
            {
                Server = address,
                Authorities = Authorities(cluster),
                AuthorityFile = cluster.Text("certificate-authority-data") is null ? cluster.Text("certificate-authority") : null,
                SkipsVerification = cluster.Flag("insecure-skip-tls-verify"),
                ServerName = cluster.Text("tls-server-name"),
                Namespace = context.Text("namespace") ?? "default",
            });
        }
        catch (Exception exception) when (exception is FormatException or CryptographicException or ArgumentException or IOException)
        {
            throw new InvalidDataException($"{path}: {exception.Message}", exception);
        }
    }

    /// <summary>A certificate with its key, in PEM.</summary>
    internal static X509Certificate2 Certificate(string certificate, string key)
    {
        using var read = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
    }

    private static KubeConnection WithUser(JsonObject user, KubeConnection connection)
    {
        connection = connection with { ImpersonatedUser = user.Text("as") };
        if (Pem(user, "client-certificate") is { } certificate && Pem(user, "client-key") is { } key)
        {
            var own = Certificate(certificate, key);
            connection = connection with { ClientCertificate = () => own };
        }

        if (user.Text("token") is { Length: > 0 } token)
        {
            return connection with { Token = _ => ValueTask.FromResult<string?>(token) };
        }

        if (user.Text("tokenFile") is { Length: > 0 } file)
        {
            return connection with { Token = KubeConnection.FromFile(file) };
        }

        if (user.Text("username") is { Length: > 0 } name)
        {
            return connection with { BasicCredential = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{user.Text("password")}")) };
        }

        if (user.Object("exec") is not { } exec)
        {
            return connection;
        }

        var plugin = new ExecCredential(exec, TimeProvider.System);
        return connection with { Token = plugin.TokenAsync, ClientCertificate = () => plugin.Certificate, Forget = plugin.Forget };
    }

    private static JsonObject Merge(string path)
    {
        var merged = new JsonObject();
        var files = path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Where(file => File.Exists(file)).ToList();
        if (files.Count == 0)
        {
            throw new InvalidDataException($"{path}: there is no such file");
        }

        foreach (var file in files)
        {
            var config = YamlReader.ReadObject(File.ReadAllText(file), out var error) ?? throw new InvalidDataException($"{file}: {error ?? "not an object"}");
            if (string.IsNullOrEmpty(merged.Text("current-context")))
            {
                merged["current-context"] = config.Text("current-context");
            }

            foreach (var (list, field) in (ReadOnlySpan<(string, string)>)[("contexts", "context"), ("clusters", "cluster"), ("users", "user")])
            {
                merged[list] ??= new JsonArray();
                var known = merged.Objects(list).Select(entry => entry.Text("name")).ToHashSet();
                foreach (var entry in config.Objects(list).Where(entry => !known.Contains(entry.Text("name"))))
                {
                    var own = entry.Copy();
                    Root(own.Object(field), Path.GetDirectoryName(Path.GetFullPath(file))!);
                    ((JsonArray)merged[list]!).Add((JsonNode)own);
                }
            }
        }

        return merged;
    }

    /// <summary>Files are named relative to the file that names them.</summary>
    private static void Root(JsonObject? entry, string directory)
    {
        foreach (var field in FileFields.Where(field => entry.Text(field) is { Length: > 0 }))
        {
            entry![field] = Path.Combine(directory, entry.Text(field)!);
        }

        if (entry.Object("exec") is { } exec && exec.Text("command") is { } command && command.Contains('/', StringComparison.Ordinal))
        {
            exec["command"] = Path.Combine(directory, command);
        }
    }

    private static JsonObject Named(JsonObject config, string list, string field, string name, string path) =>
        config.Objects(list).FirstOrDefault(entry => entry.Text("name") == name) is { } found
            ? found.Object(field) ?? []
            : throw new InvalidDataException(name.Length == 0 ? $"{path}: no {field} is named" : $"{path}: {field} \"{name}\" does not exist");

    private static X509Certificate2Collection? Authorities(JsonObject cluster)
    {
        if (Pem(cluster, "certificate-authority") is not { } pem)
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(pem);
        return authorities;
    }

    private static string? Pem(JsonObject entry, string name) =>
        entry.Text($"{name}-data") is { Length: > 0 } data ? Encoding.UTF8.GetString(Convert.FromBase64String(data))
        : entry.Text(name) is { Length: > 0 } file ? File.ReadAllText(file)
        : null;
}
