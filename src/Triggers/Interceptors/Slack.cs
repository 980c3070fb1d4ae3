using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// The slack interceptor: fields of a slash command as extensions. The signature has to be there; with <c>signingSecretRef</c>, which
/// upstream does not know, it has to be right and fresh too. As tektoncd/triggers pkg/interceptors/slack.
/// </summary>
public static class Slack
{
    /// <param name="now">The time; Slack's own is compared with it.</param>
    public static Interceptor Create(SecretReader secrets, Func<DateTimeOffset> now) => (request, cancellationToken) =>
        BuiltInSteps.WithParamsAsync(() => ProcessAsync(secrets, request, now(), cancellationToken));

    private static async ValueTask<InterceptorResponse> ProcessAsync(
        SecretReader secrets, InterceptorRequest request, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (request.Header.First("Content-Type") != "application/x-www-form-urlencoded" || (request.Header.First("X-Slack-Signature").Length == 0 && request.Context is not { IsReplay: true }))
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "missing header in payload: ContentType application/x-www-form-urlencoded");
        }

        var given = InterceptorParams.Of(request);
        var requested = given.Texts("requestedFields");
        if (await SlackSignature.CheckAsync(secrets, request, given.Secrets("signingSecretRef"), now, cancellationToken) is { } refused)
        {
            return refused;
        }

        var (payload, error) = Payload(request.Body);
        if (error is not null)
        {
            return InterceptorResponse.Stop(InterceptorCode.InvalidArgument, "failed to unmarshl slack payload: " + error);
        }

        if (requested is null)
        {
            return InterceptorResponse.Stop(InterceptorCode.NotFound, "missing requested field definition");
        }

        var extensions = new JsonObject();
        foreach (var field in requested)
        {
            if (!payload.TryGetPropertyValue(field, out var value))
            {
                var shown = new JsonObject(payload.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, pair.Value?.DeepClone() ?? new JsonArray())));
                return InterceptorResponse.Stop(InterceptorCode.NotFound, $"requested field does not exists in payload {GoFormat.Of(shown)}");
            }

            extensions[field] = value?.DeepClone();
        }

        return InterceptorResponse.Pass(extensions);
    }

    /// <summary>The body as a map of string lists.</summary>
    private static (JsonObject Payload, string? Error) Payload(string body)
    {
        var (node, error) = GoJsonReader.Read(body);
        if (error is not null)
        {
            return ([], error);
        }

        if (node is not null and not JsonObject)
        {
            return ([], $"json: cannot unmarshal {GoJsonReader.KindOf(node)} into Go value of type map[string][]string");
        }

        var payload = node as JsonObject ?? [];
        foreach (var (_, value) in payload)
        {
            if (value is not null and not JsonArray)
            {
                return ([], $"json: cannot unmarshal {GoJsonReader.KindOf(value)} into Go value of type []string");
            }

            if ((value as JsonArray)?.FirstOrDefault(item => item is not null && GoJsonReader.KindOf(item) != "string") is { } wrong)
            {
                return ([], $"json: cannot unmarshal {GoJsonReader.KindOf(wrong)} into Go value of type string");
            }
        }

        return (payload, null);
    }
}
