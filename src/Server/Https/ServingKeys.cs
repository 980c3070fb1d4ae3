using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;

namespace Hikigane.Server.Https;

/// <summary>
/// An authority of our own and a certificate that it signed, as PEM. In a Secret they have upstream's three keys, and a fourth, the authority's
/// own key, so that a new certificate needs no new authority: whoever trusts the old one goes on without noticing.
/// </summary>
public sealed record ServingKeys(string AuthorityPem, string CertificatePem, string KeyPem, string? AuthorityKeyPem)
{
    private const string AuthorityEntry = "ca-cert.pem";
    private const string AuthorityKeyEntry = "ca-key.pem";
    private const string CertificateEntry = "server-cert.pem";
    private const string KeyEntry = "server-key.pem";

    /// <summary>How long an authority lives.</summary>
    public static readonly TimeSpan AuthorityLife = TimeSpan.FromDays(3650);

    /// <summary>How long a certificate lives.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(90);

    /// <summary>How long before its end a certificate is replaced.</summary>
    public static readonly TimeSpan Renewal = TimeSpan.FromDays(30);

    /// <summary>A new authority with a first certificate for the names.</summary>
    public static ServingKeys Make(string name, IReadOnlyList<string> hosts, DateTimeOffset now)
    {
        using var authority = CertificateAuthority.Make($"{name}-ca", now, AuthorityLife);
        using var key = authority.GetECDsaPrivateKey()!;
        return Issue(authority, key.ExportPkcs8PrivateKeyPem() + "\n", hosts, now);
    }

    /// <summary>The same authority with a new certificate; a new authority where the old one cannot sign any more.</summary>
    public ServingKeys Renew(string name, IReadOnlyList<string> hosts, DateTimeOffset now)
    {
        try
        {
            if (AuthorityKeyPem is not null)
            {
                using var authority = X509Certificate2.CreateFromPem(AuthorityPem, AuthorityKeyPem);
                if (authority.NotAfter > now + Life)
                {
                    return Issue(authority, AuthorityKeyPem, hosts, now);
                }
            }
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            // What is there is no authority: a new one is made.
        }

        return Make(name, hosts, now);
    }

    /// <summary>Reads them from a Secret; null when one of upstream's three is missing.</summary>
    public static ServingKeys? Read(JsonObject secret)
    {
        var content = secret.Object("data");
        return Text(AuthorityEntry) is { } authority && Text(CertificateEntry) is { } certificate && Text(KeyEntry) is { } key
            ? new ServingKeys(authority, certificate, key, Text(AuthorityKeyEntry))
            : null;

        string? Text(string entry)
        {
            var bytes = new byte[(content.Text(entry)?.Length ?? 0) + 1];
            return content.Text(entry) is { Length: > 0 } base64 && Convert.TryFromBase64String(base64, bytes, out var length)
                ? Encoding.UTF8.GetString(bytes, 0, length) : null;
        }
    }

    /// <summary><c>data</c> of the Secret.</summary>
    public JsonObject ToSecretEntries()
    {
        var entries = new JsonObject { [KeyEntry] = Base64(KeyPem), [CertificateEntry] = Base64(CertificatePem), [AuthorityEntry] = Base64(AuthorityPem) };
        if (AuthorityKeyPem is not null)
        {
            entries[AuthorityKeyEntry] = Base64(AuthorityKeyPem);
        }

        return entries;
    }

    /// <summary>The authority as <c>caBundle</c> fields hold it.</summary>
    public string Bundle => Base64(AuthorityPem);

    /// <summary>Whether they can serve the names until the next renewal is due.</summary>
    public bool AreGood(IReadOnlyList<string> hosts, DateTimeOffset now)
    {
        try
        {
            using var certificate = ToCertificate();
            using var authority = X509Certificate2.CreateFromPem(AuthorityPem);
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.VerificationTime = now.UtcDateTime;
            return certificate.NotAfter - Renewal > now.UtcDateTime.ToLocalTime() && chain.Build(certificate) && hosts.All(host => certificate.MatchesHostname(host));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>The certificate with its key, as Kestrel takes it.</summary>
    public X509Certificate2 ToCertificate()
    {
        using var read = X509Certificate2.CreateFromPem(CertificatePem, KeyPem);
        return CertificateAuthority.ForServing(read);
    }

    private static ServingKeys Issue(X509Certificate2 authority, string authorityKeyPem, IReadOnlyList<string> hosts, DateTimeOffset now)
    {
        using var issued = CertificateAuthority.IssueServer(authority, hosts[0], hosts, now, Life);
        using var key = issued.GetECDsaPrivateKey()!;
        return new ServingKeys(
            authority.ExportCertificatePem() + "\n", issued.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n", authorityKeyPem);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
