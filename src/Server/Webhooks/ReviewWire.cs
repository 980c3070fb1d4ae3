using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Json;

namespace Hikigane.Server.Webhooks;

/// <summary>An answer over HTTP.</summary>
internal sealed record ReviewAnswer(int Status, string ContentType, string Body)
{
    public static ReviewAnswer Refused(string message) => new(400, "text/plain; charset=utf-8", message + "\n");

    public static ReviewAnswer Json(JsonObject review) => new(200, "application/json", review.ToJsonString());
}

/// <summary>AdmissionReviews and ConversionReviews, read and written. As knative.dev/pkg webhook.</summary>
internal static class ReviewWire
{
    /// <summary>The <c>request</c> of a review; an error in the words of Go's decoder.</summary>
    public static (JsonObject? Request, string? Error) Read(ReadOnlySpan<byte> body)
    {
        if (Encoding.UTF8.GetString(body).Trim(' ', '\t', '\r', '\n').Length == 0)
        {
            return (null, "could not decode body:EOF");
        }

        var (review, error) = GoJsonReader.Read(body, GoNumbers.Kubernetes);
        if (error is not null)
        {
            // A stream that ends early is said differently from a text that does.
            return (null, "could not decode body:" + (error == "unexpected end of JSON input" ? "unexpected EOF" : error));
        }

        return review is null or JsonObject
            ? (review.Object("request") ?? [], null)
            : (null, $"could not decode body:json: cannot unmarshal {GoJsonReader.KindOf(review)} into Go value of type v1.AdmissionReview");
    }

    public static WebhookReview Of(JsonObject request) => new(
        request.Text("operation") ?? "", request.Text("kind", "group") ?? "", request.Text("kind", "version") ?? "", request.Text("kind", "kind") ?? "",
        request.Text("namespace") ?? "", request.Object("object"), request.Object("oldObject"))
    {
        Subresource = request.Text("subResource") ?? "",
    };

    public static ReviewAnswer Allowed(JsonObject request, JsonArray? patch = null)
    {
        var response = new JsonObject { ["uid"] = request.Text("uid"), ["allowed"] = true };
        if (patch is { Count: > 0 })
        {
            response["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(patch.ToJsonString()));
            response["patchType"] = "JSONPatch";
        }

        return Answer(response);
    }

    /// <summary>A refusal is always a 400 with the reason BadRequest.</summary>
    public static ReviewAnswer Denied(JsonObject request, string message) => Answer(new JsonObject
    {
        ["uid"] = request.Text("uid"),
        ["allowed"] = false,
        ["status"] = new JsonObject
        {
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = message,
            ["reason"] = "BadRequest",
            ["code"] = 400,
        },
    });

    private static ReviewAnswer Answer(JsonObject response) => ReviewAnswer.Json(new JsonObject
    {
        ["kind"] = "AdmissionReview",
        ["apiVersion"] = "admission.k8s.io/v1",
        ["response"] = response,
    });
}
