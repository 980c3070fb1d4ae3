using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hikigane.ApiServer.Rest;

/// <summary>
/// A certificate authority of our own making and the certificate that the API serves with. Kept in the data directory, readable by the
/// owner only, so that a kubeconfig stays valid over restarts; in memory where there is no directory.
/// </summary>
public sealed class ServingCertificates
{
    private const int KeyBits = 2048;
    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);
    private static readonly TimeSpan Slack = TimeSpan.FromDays(1);

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
        var authority = directory is null ? NewAuthority(now) : Kept(directory, now);
        return new ServingCertificates(authority, Issue(authority, "hikigane", [], now, isServer: true));
    }

    /// <summary>A client certificate: the common name is the user, the organizations are the groups.</summary>
    public X509Certificate2 IssueClient(string userName, IReadOnlyList<string> groups, DateTimeOffset now) =>
        Issue(Authority, userName, groups, now, isServer: false);

    private static X509Certificate2 Kept(string directory, DateTimeOffset now)
    {
        var (certificate, key) = (Path.Combine(directory, "ca.crt"), Path.Combine(directory, "ca.key"));
        if (File.Exists(certificate) && File.Exists(key))
        {
            return X509Certificate2.CreateFromPemFile(certificate, key);
        }

        Directory.CreateDirectory(directory);
        var made = NewAuthority(now);
        using var privateKey = made.GetRSAPrivateKey()!;
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

    private static X509Certificate2 NewAuthority(DateTimeOffset now)
    {
        using var key = RSA.Create(KeyBits);
        var request = new CertificateRequest("CN=hikigane-ca", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(now - Slack, now + Life);
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name, IReadOnlyList<string> groups, DateTimeOffset now, bool isServer)
    {
        using var key = RSA.Create(KeyBits);
        var subject = new X500DistinguishedNameBuilder();
        foreach (var group in groups)
        {
            subject.AddOrganizationName(group);
        }

        subject.AddCommonName(name);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(isServer ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        if (isServer)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (var host in (string[])["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", Dns.GetHostName()])
            {
                names.AddDnsName(host);
            }

            names.AddIpAddress(IPAddress.Loopback);
            names.AddIpAddress(IPAddress.IPv6Loopback);
            request.CertificateExtensions.Add(names.Build());
        }

        var end = now + Life < authority.NotAfter ? now + Life : authority.NotAfter;
        using var issued = request.Create(authority, now - Slack < authority.NotBefore ? authority.NotBefore : now - Slack, end, RandomNumberGenerator.GetBytes(12));
        using var withKey = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
