using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hikigane.Triggers;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Server.Listener;

/// <summary>
/// Asks interceptors that are somewhere else: the wire protocol of spec triggers.md §4.1, and old-style webhooks (§4.3). A service over HTTPS is
/// trusted by its own <c>caBundle</c> and by nothing else. Any thread may call.
/// </summary>
public sealed class InterceptorClient(TimeProvider time) : IDisposable
{
    private const int LargestAnswer = 16 * 1024 * 1024;
    private static readonly TimeSpan WebhookTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Dictionary<string, HttpClient> clients = [];

    /// <summary>How long an interceptor may take to answer.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Opens the connections; null: to where the address says.</summary>
    public Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? Connect { get; init; }

    public async ValueTask<InterceptorResponse> AskAsync(InterceptorAddress address, InterceptorRequest request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, Parse(address.Url))
        {
            Content = new StringContent(CoreInterceptors.Write(request), Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        var (status, text, _) = await SendAsync(message, address.CaBundle, ResponseTimeout, cancellationToken);
        if (status != 200)
        {
            throw new InterceptorException("interceptor response was not 200: " + text);
        }

        var (response, error) = CoreInterceptors.ReadResponse(Encoding.UTF8.GetBytes(text));
        return response ?? throw new InterceptorException(error ?? "");
    }

    public async ValueTask<WebhookAnswer> AskWebhookAsync(WebhookCall call, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, Parse(call.Url)) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(call.Body)) };
        message.Headers.TransferEncodingChunked = true;
        foreach (var (name, values) in call.Headers)
        {
            if (name is not ("Content-Length" or "Host" or "Transfer-Encoding" or "Connection")
                && !message.Headers.TryAddWithoutValidation(name, values))
            {
                message.Content.Headers.TryAddWithoutValidation(name, values);
            }
        }

        var (status, text, headers) = await SendAsync(message, caBundle: "", WebhookTimeout, cancellationToken);
        return status == 200
            ? new WebhookAnswer(text, headers)
            : throw new InterceptorException($"request rejected; status: {status} {ReasonPhrase(status)}; message: {text}");
    }

    /// <summary>Asks GitHub's API for the github interceptor (changed files, owners).</summary>
    public async ValueTask<GitHubAnswer> AskGitHubAsync(GitHubRequest request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, Parse(request.Url));
        message.Headers.TryAddWithoutValidation("Accept", request.Accept);
        message.Headers.TryAddWithoutValidation("User-Agent", "hikigane");
        if (request.Token.Length > 0)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", request.Token);
        }

        var (status, text, headers) = await SendAsync(message, caBundle: "", ResponseTimeout, cancellationToken);
        return new GitHubAnswer(status, headers.First("Link"), Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Posts a CloudEvent, on a connection of its own as upstream does.</summary>
    public async Task<int> PostCloudEventAsync(
        Uri target, IReadOnlyDictionary<string, string> headers, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, target) { Content = new ReadOnlyMemoryContent(body) };
        message.Headers.ConnectionClose = true;
        foreach (var (name, value) in headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return (await SendAsync(message, caBundle: "", ResponseTimeout, cancellationToken)).Status;
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var client in clients.Values)
            {
                client.Dispose();
            }

            clients.Clear();
        }
    }

    private async Task<(int Status, string Text, IReadOnlyDictionary<string, IReadOnlyList<string>> Headers)> SendAsync(
        HttpRequestMessage message, string caBundle, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var answer = await Redirects.FollowAsync(Client(caBundle), message, ending.Token);
            var text = await answer.Content.ReadAsStringAsync(ending.Token);
            var headers = EventHeaders.From(answer.Headers.Concat(answer.Content.Headers)
                .SelectMany(header => header.Value, (header, value) => new KeyValuePair<string, string>(header.Key, value)));
            return ((int)answer.StatusCode, text, headers);
        }
        catch (HttpRequestException exception)
        {
            throw new InterceptorException($"Post \"{message.RequestUri}\": {exception.Message}");
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new InterceptorException($"Post \"{message.RequestUri}\": no answer within {timeout.TotalSeconds} seconds");
        }
    }

    private static Uri Parse(string url) => Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"
        ? parsed!
        : throw new InterceptorException($"Post \"{url}\": unsupported protocol scheme \"\"");

    /// <summary>One connection pool per bundle of certificates.</summary>
    private HttpClient Client(string caBundle)
    {
        lock (gate)
        {
            if (!clients.TryGetValue(caBundle, out var client))
            {
                var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, ConnectCallback = Connect };
                if (caBundle.Length > 0)
                {
                    handler.SslOptions = Trust(caBundle);
                }

                clients[caBundle] = client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LargestAnswer };
            }

            return client;
        }
    }

    private static SslClientAuthenticationOptions Trust(string caBundle)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(caBundle)));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(roots);
        return new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
    }

    private static string ReasonPhrase(int status) => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status);
}
