using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Server.Webhooks;

/// <summary>
/// A webhook over HTTPS as a function from path and body to answer: the wire around <see cref="TektonWebhooks"/>, which the embedded API calls without
/// one. As knative.dev/pkg webhook.
/// </summary>
/// <param name="converts">Whether it converts objects between versions, too.</param>
internal sealed class ReviewEndpoint(Func<WebhookConfig> config, bool converts)
{
    public ReviewAnswer Handle(string path, ReadOnlySpan<byte> body)
    {
        if (path is not ("/defaulting" or "/resource-validation" or "/config-validation") && !(converts && path == "/resource-conversion"))
        {
            return ReviewAnswer.Refused("no controller registered for: " + path);
        }

        var (request, error) = ReviewWire.Read(body);
        if (request is null)
        {
            return ReviewAnswer.Refused(error!);
        }

        if (path == "/resource-conversion")
        {
            return ReviewAnswer.Json(ConversionWire.Answer(request));
        }

        var review = ReviewWire.Of(request);
        return path == "/defaulting" ? Default(request, review) : Validate(request, review);
    }

    private ReviewAnswer Default(JsonObject request, WebhookReview review)
    {
        var answer = TektonWebhooks.Mutate(review, config());
        return answer?.Error is { } error ? ReviewWire.Denied(request, error)
            : ReviewWire.Allowed(request, answer?.Object is { } defaulted ? JsonDifference.Patch(review.Object, defaulted) : null);
    }

    private ReviewAnswer Validate(JsonObject request, WebhookReview review) =>
        TektonWebhooks.Validate(review, config())?.Error is { } error ? ReviewWire.Denied(request, error) : ReviewWire.Allowed(request);
}
