namespace Hikigane.Triggers.Interceptors;

/// <summary>The bitbucket interceptor for server and cloud: event types and the signature. As tektoncd/triggers pkg/interceptors/bitbucket.</summary>
public static class Bitbucket
{
    public static Interceptor Create(SecretReader secrets) => (request, cancellationToken) =>
        BuiltInSteps.WithParamsAsync(() => ProcessAsync(secrets, request, cancellationToken));

    private static async ValueTask<InterceptorResponse> ProcessAsync(SecretReader secrets, InterceptorRequest request, CancellationToken cancellationToken)
    {
        var values = InterceptorParams.Of(request);
        var secret = values.Secret("secretRef");
        // As upstream, the header map is not made canonical first: only the exact name counts.
        var sent = request.Header.TryGetValue("X-Event-Key", out var keys) && keys.Count > 0 ? keys[0] : "";
        if (BuiltInSteps.EventType(values.Texts("eventTypes"), sent) is { } refused)
        {
            return refused;
        }

        if (secret is null)
        {
            return InterceptorResponse.Pass();
        }

        var signature = request.Header.First("X-Hub-Signature");
        if (signature.Length == 0)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "no X-Hub-Signature header set");
        }

        if (secret.Key.Length == 0)
        {
            return InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, "bitbucket interceptor secretRef.secretKey is empty");
        }

        if (request.Context is null)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "no request context passed");
        }

        var value = await BuiltInSteps.ReadAsync(secrets, request, secret, cancellationToken);
        var error = value.Error is not null ? "error getting secret: " + value.Error
            : PayloadSignature.Check(signature, request.Body, value.Bytes.Span) is { } wrong ? "error validating signature: " + wrong
            : null;
        return error is null ? InterceptorResponse.Pass() : InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, error);
    }
}
