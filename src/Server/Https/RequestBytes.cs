using Microsoft.AspNetCore.Http;

namespace Hikigane.Server.Https;

/// <summary>A request's body as bytes. The server has capped its size.</summary>
internal static class RequestBytes
{
    // The length that a sender claims costs him nothing.
    private const int FirstBuffer = 64 * 1024;

    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream((int)Math.Min(request.ContentLength ?? 0, FirstBuffer));
        await request.Body.CopyToAsync(body, cancellationToken);
        return body.ToArray();
    }
}
