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
        var secret = values.Secret("secretRef");
        if (BuiltInSteps.EventType(values.Texts("eventTypes"), request.Header.First("X-Gitlab-Event")) is { } refused)
        {
            return refused;
        }

        if (secret is null)
        {
            return InterceptorResponse.Pass();
        }

        if (secret.Key.Length == 0)
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

        var value = await BuiltInSteps.ReadAsync(secrets, request, secret, cancellationToken);
        return value.Error is not null ? InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, "error getting secret: " + value.Error)
            : BuiltInSteps.AreEqual(Encoding.UTF8.GetBytes(token), value.Bytes.Span) ? InterceptorResponse.Pass()
            : InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "Invalid X-GitLab-Token");
    }
}
