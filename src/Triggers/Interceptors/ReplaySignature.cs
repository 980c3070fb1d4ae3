using System.Security.Cryptography;
using System.Text;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// The ledger keeps no signatures and no tokens, so an event that is replayed has none. Whoever may replay may read the trigger's Secret: the
/// request is signed again with it, over the body as it is now, and is then checked like any other. A Secret that is missing stays missing.
/// </summary>
public static class ReplaySignature
{
    /// <param name="name">Name of the built-in interceptor.</param>
    /// <param name="inner">The interceptor that checks.</param>
    public static Interceptor Signing(string name, Interceptor inner, SecretReader secrets) => (request, cancellationToken) =>
        request.Context is { IsReplay: true } ? SignedAsync(name, inner, secrets, request, cancellationToken) : inner(request, cancellationToken);

    /// <summary>The header that a sender of this kind would have sent; null when the kind signs nothing.</summary>
    public static (string Name, string Value)? Header(string name, string body, ReadOnlySpan<byte> secret) => name switch
    {
        "github" => ("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(body)))),
        "bitbucket" => ("X-Hub-Signature", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(body)))),
        "gitlab" => ("X-Gitlab-Token", Encoding.UTF8.GetString(secret)),
        _ => null,
    };

    private static async ValueTask<InterceptorResponse> SignedAsync(
        string name, Interceptor inner, SecretReader secrets, InterceptorRequest request, CancellationToken cancellationToken)
    {
        try
        {
            if (InterceptorParams.Of(request).Secret("secretRef") is { Key.Length: > 0 } reference
                && await BuiltInSteps.ReadAsync(secrets, request, reference, cancellationToken) is { Error: null } value
                && Header(name, request.Body, value.Bytes.Span) is { } signature)
            {
                var headers = request.Header.ToDictionary(pair => pair.Key, pair => pair.Value);
                headers[signature.Name] = [signature.Value];
                request = request with { Header = headers };
            }
        }
        catch (FormatException)
        {
            // Params of the wrong shape: the interceptor says so itself.
        }

        return await inner(request, cancellationToken);
    }
}
