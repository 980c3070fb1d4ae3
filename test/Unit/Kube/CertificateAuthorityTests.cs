using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hikigane.Kube;

namespace Hikigane.Unit.Kube;

public sealed class CertificateAuthorityTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private static readonly TimeSpan Life = TimeSpan.FromDays(30);

    [Fact]
    public void A_server_is_trusted_under_its_names_and_addresses_and_no_others()
    {
        using var authority = CertificateAuthority.Make("ca", Now, Life);
        using var server = CertificateAuthority.IssueServer(authority, "api", ["api.default.svc", "127.0.0.1"], Now, Life);

        Assert.True(IsTrusted(server, authority));
        Assert.True(server.MatchesHostname("api.default.svc"));
        Assert.True(server.MatchesHostname("127.0.0.1"));
        Assert.False(server.MatchesHostname("other.default.svc"));
        Assert.True(server.HasPrivateKey);
    }

    [Fact]
    public void An_authority_with_a_key_of_RSA_goes_on_signing()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=older", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var authority = request.CreateSelfSigned(Now - Life, Now + Life);

        using var client = CertificateAuthority.IssueClient(authority, "jane", ["dev"], Now, Life);

        Assert.True(IsTrusted(client, authority));
        Assert.Equal("O=dev, CN=jane", client.Subject);
    }

    [Fact]
    public void A_certificate_does_not_outlive_its_authority()
    {
        using var authority = CertificateAuthority.Make("ca", Now, Life);

        using var server = CertificateAuthority.IssueServer(authority, "api", ["api"], Now, Life * 2);

        Assert.Equal(authority.NotAfter, server.NotAfter);
    }

    private static bool IsTrusted(X509Certificate2 certificate, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
