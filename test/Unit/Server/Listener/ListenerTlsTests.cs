using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.Server.Listener;

public sealed class ListenerTlsTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-tls-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_new_certificate_is_served_without_a_restart()
    {
        var time = new FakeTimeProvider();
        WriteCertificate("CN=first");
        await using var rig = await ServeAsync([], time);
        Assert.Equal(("CN=first", 202), await AskAsync(rig, null));

        WriteCertificate("CN=second");
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(("CN=second", 202), await AskAsync(rig, null));
    }

    [Fact]
    public async Task A_broken_pair_leaves_the_last_good_one_in_place()
    {
        var time = new FakeTimeProvider();
        WriteCertificate("CN=first");
        await using var rig = await ServeAsync([], time);
        await AskAsync(rig, null);

        await File.WriteAllTextAsync(Path.Combine(directory, "tls.crt"), "-----BEGIN CERTIFICATE-----\nnone", Stop);
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(("CN=first", 202), await AskAsync(rig, null));
    }

    [Fact]
    public async Task Clients_show_a_certificate_of_the_authority_in_the_Secret()
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var authority = SelfSigned("CN=clients", authorityKey, isAuthority: true);
        using var strangerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var stranger = SelfSigned("CN=clients", strangerKey, isAuthority: true);
        WriteCertificate("CN=el");
        await using var rig = await ServeAsync(new() { ["client-ca-secret"] = "clients/ca.crt" }, TimeProvider.System);
        await rig.Api.CreateAsync(Kinds.Secret, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["name"] = "clients", ["namespace"] = "default" },
            ["data"] = new JsonObject { ["ca.crt"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(authority.ExportCertificatePem())) },
        });

        Assert.Equal(202, (await AskAsync(rig, Issue(authority, "CN=ci"))).Status);
        Assert.Equal(403, (await AskAsync(rig, null)).Status);
        Assert.Equal(200, (await AskAsync(rig, null, "live")).Status);
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(rig, Issue(stranger, "CN=ci")));
    }

    private Task<ListenerRig> ServeAsync(Dictionary<string, string> annotations, TimeProvider time) => ListenerRig.StartAsync(
        annotations,
        options: options => options with { TlsCertificate = Path.Combine(directory, "tls.crt"), TlsKey = Path.Combine(directory, "tls.key") },
        time: time);

    private void WriteCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = SelfSigned(name, key, isAuthority: false);
        File.WriteAllText(Path.Combine(directory, "tls.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(directory, "tls.key"), key.ExportPkcs8PrivateKeyPem());
    }

    private static X509Certificate2 SelfSigned(string name, ECDsa key, bool isAuthority)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], false));
        using var issued = request.Create(authority, DateTimeOffset.UnixEpoch.AddYears(51), DateTimeOffset.UnixEpoch.AddYears(99), [1, 2, 3]);
        using var withKey = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>The subject of the certificate that the listener showed, and its answer.</summary>
    private static async Task<(string Subject, int Status)> AskAsync(ListenerRig rig, X509Certificate2? own, string path = "")
    {
        var subject = "";
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                {
                    subject = certificate!.Subject;
                    return true;
                },
                ClientCertificates = own is null ? null : [own],
                LocalCertificateSelectionCallback = own is null ? null : (_, _, _, _, _) => own,
            },
        };
        using var client = new HttpClient(handler);
        using var content = new StringContent("""{"a":1}""");
        using var answer = await client.PostAsync(new Uri($"https://127.0.0.1:{rig.Listener.Port}/{path}"), content, Stop);
        return (subject, (int)answer.StatusCode);
    }
}
