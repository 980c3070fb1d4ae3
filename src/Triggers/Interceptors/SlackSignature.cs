using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// Slack's signature: an HMAC over its version, the time of sending and the form as it was sent. What is older than five minutes is not taken, so that
/// a request that somebody recorded cannot be sent again. As https://api.slack.com/authentication/verifying-requests-from-slack.
/// </summary>
internal static class SlackSignature
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    /// <summary>Null when no secret is named or one of them fits; else the "no".</summary>
    public static ValueTask<InterceptorResponse?> CheckAsync(
        SecretReader secrets, InterceptorRequest request, IReadOnlyList<SecretRef> signed, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (signed.Count == 0)
        {
            return ValueTask.FromResult<InterceptorResponse?>(null);
        }

        // The ledger keeps no signatures; whoever may replay may sign, so that the secrets have to be there and no more.
        if (request.Context is { IsReplay: true })
        {
            return BuiltInSteps.CheckAnyAsync(secrets, request, signed, static _ => null, cancellationToken);
        }

        if (Problem(request, signed, now) is { } problem)
        {
            return ValueTask.FromResult<InterceptorResponse?>(problem);
        }

        var signature = Encoding.ASCII.GetBytes(request.Header.First("X-Slack-Signature"));
        var text = Encoding.UTF8.GetBytes($"v0:{request.Header.First("X-Slack-Request-Timestamp")}:{request.FormText ?? request.Body}");
        return BuiltInSteps.CheckAnyAsync(
            secrets, request, signed,
            secret => BuiltInSteps.AreEqual(signature, Encoding.ASCII.GetBytes("v0=" + Convert.ToHexStringLower(HMACSHA256.HashData(secret.Span, text))))
                ? null : No("payload signature check failed"),
            cancellationToken);
    }

    private static InterceptorResponse? Problem(InterceptorRequest request, IReadOnlyList<SecretRef> signed, DateTimeOffset now)
    {
        if (signed.Any(secret => secret.Key.Length == 0))
        {
            return No("slack interceptor signingSecretRef.secretKey is empty");
        }

        if (request.Context is null)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "no request context passed");
        }

        var sentAt = request.Header.First("X-Slack-Request-Timestamp");
        if (sentAt.Length == 0)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "no X-Slack-Request-Timestamp header set");
        }

        if (!long.TryParse(sentAt, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || Math.Abs((double)now.ToUnixTimeSeconds() - seconds) > Window.TotalSeconds)
        {
            return No("X-Slack-Request-Timestamp is more than five minutes away from now");
        }

        // A listener that is not ours hands on the JSON that it made of the form, and the form is lost.
        return request.FormText is null && request.Body.StartsWith('{')
            ? No("the signature cannot be checked: the listener has already made JSON of the form")
            : null;
    }

    private static InterceptorResponse No(string message) => InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, message);
}
