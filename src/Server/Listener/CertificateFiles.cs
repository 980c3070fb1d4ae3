using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Listener;

/// <summary>
/// A certificate and its key in two PEM files that a Secret is mounted as. They are looked at again when a connection comes, at most once a
/// second, so a new certificate needs no restart; while the two do not fit, as in the middle of a change, the last good pair serves on.
/// Any thread may call.
/// </summary>
internal sealed partial class CertificateFiles(string certificatePath, string keyPath, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private string content = "";
    private X509Certificate2Collection? chain;
    private X509Certificate2? certificate;
    private DateTimeOffset readAt = DateTimeOffset.MinValue;

    /// <summary>The pair of the next handshake, with the certificates that lead to its authority; null when there never was a good one.</summary>
    public (X509Certificate2 Certificate, X509Certificate2Collection Chain)? Current
    {
        get
        {
            lock (gate)
            {
                var now = time.GetUtcNow();
                if (now - readAt >= Pause)
                {
                    readAt = now;
                    Read();
                }

                return certificate is null ? null : (certificate, chain!);
            }
        }
    }

    private void Read()
    {
        try
        {
            var certificates = File.ReadAllText(certificatePath);
            var key = File.ReadAllText(keyPath);
            if (certificates + key == content)
            {
                return;
            }

            using var read = X509Certificate2.CreateFromPem(certificates, key);
            var all = new X509Certificate2Collection();
            all.ImportFromPem(certificates);
            all.RemoveAt(0);
            (certificate, chain) = (X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null), all);
            content = certificates + key;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            Log.Unusable(logger, certificatePath, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "the certificate {Path} cannot be used: {Cause}")]
        public static partial void Unusable(ILogger logger, string path, string cause);
    }
}
