using System.Text;

namespace Hikigane.ApiServer.Rest;

/// <summary>Writes the file that points kubectl at this server: readable by its owner only.</summary>
public static class KubeconfigFile
{
    /// <summary>The text of a kubeconfig with one context.</summary>
    public static string Text(string server, string? authorityPem, string token, string user = "admin", string ns = "default")
    {
        var authority = authorityPem is null ? "" : $"\n    certificate-authority-data: {Convert.ToBase64String(Encoding.UTF8.GetBytes(authorityPem))}";
        return $"""
            apiVersion: v1
            kind: Config
            clusters:
            - name: hikigane
              cluster:
                server: {server}{authority}
            contexts:
            - name: hikigane
              context:
                cluster: hikigane
                namespace: {ns}
                user: {user}
            current-context: hikigane
            users:
            - name: {user}
              user:
                token: {token}

            """;
    }

    public static void Write(string path, string text)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory)
        {
            Directory.CreateDirectory(directory);
        }

        ServingCertificates.WritePrivate(path, text);
    }
}
