using System.Net.Http.Headers;

namespace Hikigane.Server.Listener;

/// <summary>
/// Follows redirects as Go's client does: at most ten, <c>Referer</c> set, the body sent again only where the status says so, and credentials
/// kept from every other host.
/// </summary>
internal static class Redirects
{
    private const int Most = 10;

    public static async Task<HttpResponseMessage> FollowAsync(HttpClient client, HttpRequestMessage message, CancellationToken cancellationToken)
    {
        var request = message;
        for (var hop = 0; ; hop++)
        {
            var answer = await client.SendAsync(request, cancellationToken);
            if (request != message)
            {
                request.Dispose();
            }

            if (Target(request.RequestUri!, answer) is not { } target)
            {
                return answer;
            }

            using (answer)
            {
                if (hop == Most)
                {
                    throw new HttpRequestException($"stopped after {Most} redirects");
                }

                request = await NextAsync(message, request.RequestUri!, target, (int)answer.StatusCode, cancellationToken);
            }
        }
    }

    private static Uri? Target(Uri from, HttpResponseMessage answer) =>
        (int)answer.StatusCode is 301 or 302 or 303 or 307 or 308 && answer.Headers.Location is { } location
        && new Uri(from, location) is { Scheme: "http" or "https" } target ? target : null;

    private static async Task<HttpRequestMessage> NextAsync(HttpRequestMessage first, Uri from, Uri target, int status, CancellationToken cancellationToken)
    {
        var keepsBody = status is 307 or 308;
        var next = new HttpRequestMessage(keepsBody || first.Method == HttpMethod.Get ? first.Method : HttpMethod.Get, target);
        foreach (var (name, values) in first.Headers.NonValidated)
        {
            var isCredential = name is "Authorization" or "Cookie" or "Proxy-Authorization" or "Www-Authenticate";
            if (name is not ("Referer" or "Transfer-Encoding") && (!isCredential || target.Host == first.RequestUri!.Host))
            {
                next.Headers.TryAddWithoutValidation(name, values);
            }
        }

        if (keepsBody && first.Content is { } content)
        {
            next.Headers.TransferEncodingChunked = first.Headers.TransferEncodingChunked;
            next.Content = new ByteArrayContent(await content.ReadAsByteArrayAsync(cancellationToken));
            CopyContentHeaders(content.Headers, next.Content.Headers);
        }

        if (!(from.Scheme == "https" && target.Scheme == "http"))
        {
            next.Headers.Referrer = from;
        }

        return next;
    }

    private static void CopyContentHeaders(HttpContentHeaders from, HttpContentHeaders to)
    {
        foreach (var (name, values) in from.NonValidated.Where(header => header.Key != "Content-Length"))
        {
            to.TryAddWithoutValidation(name, values);
        }
    }
}
