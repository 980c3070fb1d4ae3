using System.Security.Cryptography;

namespace Hikigane.Triggers.Interceptors;

/// <summary>The checks that the built-in interceptors share. Each gives a "no", or null to go on.</summary>
internal static class BuiltInSteps
{
    /// <summary>Runs a built-in; params of the wrong type are a "no", as upstream.</summary>
    public static async ValueTask<InterceptorResponse> WithParamsAsync(Func<ValueTask<InterceptorResponse>> work)
    {
        try
        {
            return await work();
        }
        catch (FormatException exception)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, exception.Message);
        }
    }

    public static InterceptorResponse? EventType(IReadOnlyList<string>? allowed, string sent) =>
        allowed is null || allowed.Contains(sent) ? null
        : InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, $"event type {sent} is not allowed");

    /// <summary>The secret's bytes, or why there are none.</summary>
    public static async ValueTask<SecretValue> ReadAsync(
        SecretReader secrets, InterceptorRequest request, SecretRef reference, CancellationToken cancellationToken) =>
        reference.Name.Length == 0
            ? SecretValue.Missing("resource name may not be empty")
            : request.Context is null or { Namespace: "" } ? SecretValue.Missing("the server could not find the requested resource")
            : await secrets(new SecretKey(request.Context.Namespace, reference.Name, reference.Key), cancellationToken);

    /// <summary>
    /// Whether one of several secrets fits: while a secret is replaced, the old one and the new one count. Null when one does, else what was wrong with
    /// the first.
    /// </summary>
    public static async ValueTask<InterceptorResponse?> CheckAnyAsync(
        SecretReader secrets, InterceptorRequest request, IReadOnlyList<SecretRef> references, Func<ReadOnlyMemory<byte>, InterceptorResponse?> check,
        CancellationToken cancellationToken)
    {
        InterceptorResponse? first = null;
        foreach (var reference in references)
        {
            var value = await ReadAsync(secrets, request, reference, cancellationToken);
            var refused = value.Error is not null
                ? InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, "error getting secret: " + value.Error)
                : check(value.Bytes);
            if (refused is null)
            {
                return null;
            }

            first ??= refused;
        }

        return first;
    }

    /// <summary>Compares without telling by its duration where the difference is.</summary>
    public static bool AreEqual(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => CryptographicOperations.FixedTimeEquals(left, right);
}
