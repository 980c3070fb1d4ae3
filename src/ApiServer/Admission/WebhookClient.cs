using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Admission;

/// <summary>Opens a connection to a Service by the name it has inside a cluster (<c>NAME.NAMESPACE.svc</c>); null when there is no such Service.</summary>
public delegate ValueTask<Stream?> DialService(string host, int port, CancellationToken cancellationToken);

/// <summary>Posts reviews to webhooks, each trusted by its own <c>caBundle</c>. Any thread may call.</summary>
internal sealed class WebhookClient(DialService dial) : IDisposable
{
    private const int LargestAnswer = 16 * 1024 * 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<string, HttpClient> clients = [];

    /// <summary>Where a <c>clientConfig</c> points; an <see cref="InvalidDataException"/> when it points nowhere.</summary>
    public static Uri AddressOf(JsonObject client, TimeSpan timeout)
    {
        var text = client.Text("url") is { Length: > 0 } url ? url
            : client.Object("service") is { } service
                ? string.Create(CultureInfo.InvariantCulture,
                    $"https://{service.Text("name")}.{service.Text("namespace")}.svc:{service.Integer("port") ?? 443}/{(service.Text("path") ?? "").TrimStart('/')}")
                : throw new InvalidDataException("webhook configuration must have either service or URL");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme != "https")
        {
            throw new InvalidDataException($"url: Invalid value: \"{text}\": 'https' is the only allowed URL scheme");
        }

        return new UriBuilder(address) { Query = string.Create(CultureInfo.InvariantCulture, $"timeout={(int)timeout.TotalSeconds}s") }.Uri;
    }

    /// <summary>Posts; the answer's bytes. Throws <see cref="HttpRequestException"/> when there is no answer or it is not 200.</summary>
    public async Task<byte[]> PostAsync(Uri address, string? caBundle, JsonObject review, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(review.ToJsonString(), Encoding.UTF8, "application/json") };
        request.Headers.UserAgent.ParseAdd("kube-apiserver-admission");
        request.Headers.Accept.ParseAdd("application/json");
        using var response = await Client(caBundle ?? "").SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? body
            : throw new HttpRequestException($"the server answered {(int)response.StatusCode}: {Encoding.UTF8.GetString(body).Trim()}");
    }

    public void Dispose()
    {
        foreach (var client in clients.Values)
        {
            client.Dispose();
        }
    }

    private HttpClient Client(string caBundle)
    {
        lock (gate)
        {
            if (!clients.TryGetValue(caBundle, out var client))
            {
                var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectCallback = ConnectAsync };
                if (caBundle.Length > 0)
                {
                    handler.SslOptions = Trust(caBundle);
                }

                clients[caBundle] = client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LargestAnswer };
            }

            return client;
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        if (await dial(host, port, cancellationToken) is { } stream)
        {
            return stream;
        }

        var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Trust(string caBundle)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(caBundle)));
        }
        catch (Exception exception) when (exception is FormatException or CryptographicException)
        {
            throw new InvalidDataException("unable to load root certificates: " + exception.Message);
        }

        return new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
    }
}
