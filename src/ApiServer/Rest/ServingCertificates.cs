using System.Net;
using System.Security.Cryptography.X509Certificates;
using Hikigane.Kube;

namespace Hikigane.ApiServer.Rest;

/// <summary>
/// A certificate authority of our own making and the certificate that the API serves with. Kept in the data directory, readable by the
/// owner only, so that a kubeconfig stays valid over restarts; in memory where there is no directory.
/// </summary>
public sealed class ServingCertificates
{
    private const string AuthorityName = "hikigane-ca";
    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);

    private static readonly string[] Hosts =
    [
        "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "127.0.0.1", "::1",
    ];

    private ServingCertificates(X509Certificate2 authority, X509Certificate2 serving)
    {
        Authority = authority;
        Serving = serving;
    }

    public X509Certificate2 Authority { get; }

    public X509Certificate2 Serving { get; }

    /// <summary>The authority's certificate for kubeconfigs, in PEM.</summary>
    public string AuthorityPem => Authority.ExportCertificatePem() + "\n";

    /// <summary>Loads the authority of a directory or makes one; the serving certificate is made anew.</summary>
    public static ServingCertificates Open(string? directory, DateTimeOffset now)
    {
        var authority = directory is null ? CertificateAuthority.Make(AuthorityName, now, Life) : Kept(directory, now);
        using var serving = CertificateAuthority.IssueServer(authority, "hikigane", [.. Hosts, Dns.GetHostName()], now, Life);
        return new ServingCertificates(authority, CertificateAuthority.ForServing(serving));
    }

    /// <summary>A client certificate: the common name is the user, the organizations are the groups.</summary>
    public X509Certificate2 IssueClient(string userName, IReadOnlyList<string> groups, DateTimeOffset now) =>
        CertificateAuthority.IssueClient(Authority, userName, groups, now, Life);

    private static X509Certificate2 Kept(string directory, DateTimeOffset now)
    {
        var (certificate, key) = (Path.Combine(directory, "ca.crt"), Path.Combine(directory, "ca.key"));
        if (File.Exists(certificate) && File.Exists(key))
        {
            return X509Certificate2.CreateFromPemFile(certificate, key);
        }

        Directory.CreateDirectory(directory);
        var made = CertificateAuthority.Make(AuthorityName, now, Life);
        using var privateKey = made.GetECDsaPrivateKey()!;
        WritePrivate(key, privateKey.ExportPkcs8PrivateKeyPem() + "\n");
        File.WriteAllText(certificate, made.ExportCertificatePem() + "\n");
        return made;
    }

    internal static void WritePrivate(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }
}
