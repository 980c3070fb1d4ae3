using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;

namespace Hikigane.Server.Webhooks;

/// <summary>A ConversionReview's answer: each object in the version that is asked for, in the same order.</summary>
internal static class ConversionWire
{
    public static JsonObject Answer(JsonObject request)
    {
        var wanted = request.Text("desiredAPIVersion") ?? "";
        var response = new JsonObject { ["uid"] = request.Text("uid") };
        try
        {
            var converted = request.Objects("objects").Select(one => (JsonNode)PipelinesConversion.Convert(one.Copy(), wanted)).ToArray();
            response["result"] = new JsonObject { ["status"] = "Success" };
            response["convertedObjects"] = new JsonArray(converted);
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or ArgumentException or InvalidCastException)
        {
            response["result"] = new JsonObject { ["status"] = "Failure", ["message"] = $"conversion failed to version {wanted}: {exception.Message}" };
        }

        return new JsonObject { ["kind"] = "ConversionReview", ["apiVersion"] = "apiextensions.k8s.io/v1", ["response"] = response };
    }
}
