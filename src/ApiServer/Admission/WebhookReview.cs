using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Authentication;
using Hikigane.ApiServer.Rest;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Admission;

/// <summary>An answer of a webhook: allowed or not, with a patch and warnings.</summary>
internal sealed record WebhookVerdict(bool IsAllowed, JsonObject? Status, JsonNode? Patch, IReadOnlyList<string> Warnings);

/// <summary>An AdmissionReview on the wire: what is sent, and what is made of the answer. As apiserver pkg/admission/plugin/webhook/request.</summary>
internal static class WebhookReview
{
    public static JsonObject Request(string uid, AdmissionRequest request, ResourceType wanted)
    {
        var target = request.Target;
        var review = new JsonObject
        {
            ["uid"] = uid,
            ["kind"] = KindOf(wanted),
            ["resource"] = ResourceOf(wanted),
            ["requestKind"] = KindOf(target.Type),
            ["requestResource"] = ResourceOf(target.Type),
        };
        if (target.Subresource is { } subresource)
        {
            review["subResource"] = subresource;
            review["requestSubResource"] = subresource;
        }

        review["name"] = request.Operation == "CREATE" && request.Object is { } made ? made.Name() : target.Name;
        if (target.Type.IsNamespaced)
        {
            review["namespace"] = target.Namespace;
        }

        review["operation"] = request.Operation;
        review["userInfo"] = RequestAuthentication.UserOf(request.Caller);
        review["object"] = As(request.Object, target, wanted);
        review["oldObject"] = As(request.Old, target, wanted);
        review["dryRun"] = request.IsDryRun;
        review["options"] = new JsonObject
        {
            ["kind"] = request.Operation switch { "CREATE" => "CreateOptions", "DELETE" => "DeleteOptions", _ => "UpdateOptions" },
            ["apiVersion"] = "meta.k8s.io/v1",
        };
        return new JsonObject { ["kind"] = "AdmissionReview", ["apiVersion"] = "admission.k8s.io/v1", ["request"] = review };
    }

    /// <summary>Reads the answer; an <see cref="InvalidDataException"/> says what is wrong with it.</summary>
    public static WebhookVerdict Read(ReadOnlySpan<byte> body, string uid)
    {
        JsonNode? review;
        try
        {
            review = JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            throw new InvalidDataException("the answer is not JSON");
        }

        var response = review.Object("response") ?? throw new InvalidDataException("webhook response was absent");
        if (response.Text("uid") != uid)
        {
            throw new InvalidDataException($"expected response.uid=\"{uid}\", got \"{response.Text("uid")}\"");
        }

        return new WebhookVerdict(
            response.Flag("allowed"), response.Object("status"), PatchOf(response), [.. response.Items("warnings").Select(one => one.Text() ?? "")]);
    }

    /// <summary>The refusal as the client gets it: the webhook's code, reason and text, and who said so.</summary>
    public static KubeException Denied(string webhook, JsonObject? status)
    {
        var deniedBy = $"admission webhook \"{webhook}\" denied the request";
        var (message, reason) = (status.Text("message") ?? "", status.Text("reason") ?? "");
        var code = (int)(status.Integer("code") ?? 0);
        var text = message.Length > 0 ? $"{deniedBy}: {message}" : reason.Length > 0 ? $"{deniedBy}: {reason}" : $"{deniedBy} without explanation";
        return new KubeException(code < 400 ? 400 : code, reason, text, status.Object("details")?.Copy());
    }

    private static JsonNode? PatchOf(JsonObject response)
    {
        if (response.Text("patch") is not { Length: > 0 } base64)
        {
            return null;
        }

        if (response.Text("patchType") != "JSONPatch")
        {
            throw new InvalidDataException($"webhook response.patchType must be \"JSONPatch\", got \"{response.Text("patchType")}\"");
        }

        try
        {
            return JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(base64)));
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            throw new InvalidDataException("webhook response.patch is no JSON patch: " + exception.Message);
        }
    }

    private static JsonObject? As(JsonObject? one, Target target, ResourceType wanted) =>
        one is null ? null : ObjectApi.Convert(one.Copy(), target.Kind, wanted, isShared: false);

    private static JsonObject KindOf(ResourceType type) => new() { ["group"] = type.Group, ["version"] = type.Version, ["kind"] = type.Kind };

    private static JsonObject ResourceOf(ResourceType type) => new() { ["group"] = type.Group, ["version"] = type.Version, ["resource"] = type.Plural };
}
