using System.Text;

namespace Hikigane.Triggers.Interceptors;

/// <summary>The gitlab interceptor: event types and the secret token. As tektoncd/triggers pkg/interceptors/gitlab.</summary>
public static class GitLab
{
    public static Interceptor Create(SecretReader secrets) => (request, cancellationToken) =>
        BuiltInSteps.WithParamsAsync(() => ProcessAsync(secrets, request, cancellationToken));

    private static async ValueTask<InterceptorResponse> ProcessAsync(SecretReader secrets, InterceptorRequest request, CancellationToken cancellationToken)
    {
        var values = InterceptorParams.Of(request);
        var signed = values.Secrets();
        if (BuiltInSteps.EventType(values.Texts("eventTypes"), request.Header.First("X-Gitlab-Event")) is { } refused)
        {
            return refused;
        }

        if (signed.Count == 0)
        {
            return InterceptorResponse.Pass();
        }

        if (signed.Any(secret => secret.Key.Length == 0))
        {
            return InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, "gitlab interceptor secretRef.secretKey is empty");
        }

        var token = request.Header.First("X-Gitlab-Token");
        if (token.Length == 0)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "no X-Gitlab-Token header set");
        }

        if (request.Context is null)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "no request context passed");
        }

        var sent = Encoding.UTF8.GetBytes(token);
        return await BuiltInSteps.CheckAnyAsync(
            secrets, request, signed,
            secret => BuiltInSteps.AreEqual(sent, secret.Span) ? null : InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "Invalid X-GitLab-Token"),
            cancellationToken) ?? InterceptorResponse.Pass();
    }
}
