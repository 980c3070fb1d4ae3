using Microsoft.AspNetCore.Http;

namespace Hikigane.Server.Listener;

/// <summary>Which requests count as a CloudEvent (spec: triggers.md §3.4). They are processed like any other; only the answer differs.</summary>
internal static class CloudEventRequest
{
    public static bool IsCloudEvent(HttpRequest request)
    {
        var mediaType = (request.ContentType ?? "").Split(';')[0].Trim();
        return mediaType.Equals("application/cloudevents+json", StringComparison.OrdinalIgnoreCase)
            || mediaType.Equals("application/cloudevents-batch+json", StringComparison.OrdinalIgnoreCase)
            || request.Headers["ce-specversion"].ToString() is "0.3" or "1.0";
    }
}
