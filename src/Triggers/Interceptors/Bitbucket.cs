namespace Hikigane.Triggers.Interceptors;

/// <summary>The bitbucket interceptor for server and cloud: event types and the signature. As tektoncd/triggers pkg/interceptors/bitbucket.</summary>
public static class Bitbucket
{
    public static Interceptor Create(SecretReader secrets) => (request, cancellationToken) =>
        BuiltInSteps.WithParamsAsync(() => ProcessAsync(secrets, request, cancellationToken));

    private static async ValueTask<InterceptorResponse> ProcessAsync(SecretReader secrets, InterceptorRequest request, CancellationToken cancellationToken)
    {
        var values = InterceptorParams.Of(request);
        var signed = values.Secrets();
        // As upstream, the header map is not made canonical first: only the exact name counts.
        var sent = request.Header.TryGetValue("X-Event-Key", out var keys) && keys.Count > 0 ? keys[0] : "";
        if (BuiltInSteps.EventType(values.Texts("eventTypes"), sent) is { } refused)
        {
            return refused;
        }

        if (signed.Count == 0)
        {
            return InterceptorResponse.Pass();
        }

        var signature = request.Header.First("X-Hub-Signature");
        if (signature.Length == 0)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "no X-Hub-Signature header set");
        }

        if (signed.Any(secret => secret.Key.Length == 0))
        {
            return InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, "bitbucket interceptor secretRef.secretKey is empty");
        }

        if (request.Context is null)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "no request context passed");
        }

        return await BuiltInSteps.CheckAnyAsync(
            secrets, request, signed,
            secret => PayloadSignature.Check(signature, request.Body, secret.Span) is { } wrong
                ? InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, "error validating signature: " + wrong)
                : null,
            cancellationToken) ?? InterceptorResponse.Pass();
    }
}
