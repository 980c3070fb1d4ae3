using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hikigane.Kube;

/// <summary>
/// Authorities of our own making and what they sign, for the embedded API and for webhooks and interceptors. Keys are on the curve P-256: they
/// are made at once, where one of RSA takes a good part of a start.
/// </summary>
public static class CertificateAuthority
{
    private const int SerialBytes = 12;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Clocks of others may be behind ours by this much.</summary>
    private static readonly TimeSpan Past = TimeSpan.FromDays(1);

    /// <summary>An authority with its key. It signs certificates and no other authorities.</summary>
    public static X509Certificate2 Make(string name, DateTimeOffset now, TimeSpan life)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(now - Past, now + life);
    }

    /// <summary>A certificate with its key, for a server that is reached by the names and addresses.</summary>
    public static X509Certificate2 IssueServer(X509Certificate2 authority, string name, IReadOnlyList<string> hosts, DateTimeOffset now, TimeSpan life)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        return Issue(authority, new X500DistinguishedName($"CN={name}"), [Usage(ServerAuthentication), names.Build()], now, life);
    }

    /// <summary>A certificate with its key, for a client: the common name is the user, the organizations are the groups.</summary>
    public static X509Certificate2 IssueClient(X509Certificate2 authority, string userName, IReadOnlyList<string> groups, DateTimeOffset now, TimeSpan life)
    {
        var subject = new X500DistinguishedNameBuilder();
        foreach (var group in groups)
        {
            subject.AddOrganizationName(group);
        }

        subject.AddCommonName(userName);
        return Issue(authority, subject.Build(), [Usage(ClientAuthentication)], now, life);
    }

    /// <summary>As Kestrel takes it: with a key that is not bound to the PEM that it was read from.</summary>
    public static X509Certificate2 ForServing(X509Certificate2 certificate) =>
        X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);

    private static X509Certificate2 Issue(
        X509Certificate2 authority, X500DistinguishedName subject, IReadOnlyList<X509Extension> extensions, DateTimeOffset now, TimeSpan life)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        var (from, to) = (now - Past, now + life);
        using var issued = request.Create(
            authority.SubjectName, SignerOf(authority), from < authority.NotBefore ? authority.NotBefore : from, to > authority.NotAfter ? authority.NotAfter : to,
            RandomNumberGenerator.GetBytes(SerialBytes));
        return issued.CopyWithPrivateKey(key);
    }

    /// <summary>An authority that an earlier version or a person made may have a key of RSA.</summary>
    private static X509SignatureGenerator SignerOf(X509Certificate2 authority) => authority.GetECDsaPrivateKey() is { } key
        ? X509SignatureGenerator.CreateForECDsa(key)
        : X509SignatureGenerator.CreateForRSA(authority.GetRSAPrivateKey() ?? throw new CryptographicException("the authority's key is missing"), RSASignaturePadding.Pkcs1);

    private static X509EnhancedKeyUsageExtension Usage(string purpose) => new([new Oid(purpose)], false);
}
