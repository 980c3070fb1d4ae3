using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Hikigane.Kube;

/// <summary>Where an API is and how to prove who we are. Made by <see cref="Kubeconfig"/> or from the mounted service account.</summary>
public sealed record KubeConnection
{
    private const string Mounted = "/var/run/secrets/kubernetes.io/serviceaccount";

    public required Uri Server { get; init; }

    /// <summary>Certificates that the server's is checked against; null: those of the machine.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>The file that <see cref="Authorities"/> came from; read again when the server shows a certificate that they do not know.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>The certificate that we show, asked for with each connection; null: none.</summary>
    public Func<X509Certificate2?>? ClientCertificate { get; init; }

    /// <summary>User name and password, encoded; null: none.</summary>
    public string? BasicCredential { get; init; }

    /// <summary>Whom we act as; null: ourselves.</summary>
    public string? ImpersonatedUser { get; init; }

    /// <summary>Drops a kept credential that the server refused; null where none is kept.</summary>
    public Action? Forget { get; init; }

    /// <summary>Name that the server's certificate must carry, where it is not the host's.</summary>
    public string? ServerName { get; init; }

    /// <summary>Whether the server's certificate is not checked.</summary>
    public bool SkipsVerification { get; init; }

    /// <summary>The bearer token, asked for with each request so that a rotated one is picked up; null: none.</summary>
    public Func<CancellationToken, ValueTask<string?>> Token { get; init; } = _ => ValueTask.FromResult<string?>(null);

    /// <summary>Namespace of the context.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>The connection of a pod; null outside a cluster.</summary>
    public static KubeConnection? InCluster()
    {
        var (host, port) = (Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"), Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT"));
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port) || !File.Exists($"{Mounted}/token"))
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile($"{Mounted}/ca.crt");
        var shown = host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
        return new KubeConnection
        {
            Server = new Uri($"https://{shown}:{port}"),
            Authorities = authorities,
            AuthorityFile = $"{Mounted}/ca.crt",
            Token = FromFile($"{Mounted}/token"),
            Namespace = File.Exists($"{Mounted}/namespace") ? File.ReadAllText($"{Mounted}/namespace").Trim() : "default",
        };
    }

    internal static Func<CancellationToken, ValueTask<string?>> FromFile(string path) =>
        async cancellationToken => (await File.ReadAllTextAsync(path, cancellationToken)).Trim();

    internal SocketsHttpHandler CreateHandler()
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            AllowAutoRedirect = false,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        };
        if (ClientCertificate is { } own)
        {
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => own()!;
        }

        if (ServerName is not null)
        {
            handler.SslOptions.TargetHost = ServerName;
        }

        if (SkipsVerification || Authorities is not null)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => SkipsVerification || IsTrusted(certificate, chain, errors);
        }

        return handler;
    }

    private bool IsTrusted(X509Certificate? certificate, X509Chain? presented, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 leaf || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        if (Chains(leaf, presented, Authorities!))
        {
            return true;
        }

        // The cluster may have got a new authority since we started.
        if (AuthorityFile is null || !File.Exists(AuthorityFile))
        {
            return false;
        }

        var newest = new X509Certificate2Collection();
        newest.ImportFromPemFile(AuthorityFile);
        return Chains(leaf, presented, newest);
    }

    private static bool Chains(X509Certificate2 leaf, X509Chain? presented, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in presented?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return chain.Build(leaf);
    }
}
