using System.Globalization;
using System.Net;
using System.Text;
using Hikigane.Expressions.GoJson;
using Microsoft.AspNetCore.Http;

namespace Hikigane.Server.Listener;

/// <summary>The answers of a listener, byte for byte as upstream's sink gives them (spec: triggers.md §3.3, §3.4).</summary>
internal static class ListenerAnswer
{
    /// <summary>202: the event is on disk.</summary>
    public static Task AcceptedAsync(HttpContext http, SinkOptions listener, string uid, string eventId)
    {
        var body = Body(listener, uid, eventId, error: null);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
        http.Response.ContentType = "application/json";
        http.Response.Headers["X-Event-Id"] = eventId;
        if (!CloudEventRequest.IsCloudEvent(http.Request))
        {
            return WriteAsync(http, body + "\n");
        }

        http.Response.Headers["Ce-Id"] = eventId;
        http.Response.Headers["Ce-Source"] = listener.Name;
        http.Response.Headers["Ce-Specversion"] = "1.0";
        http.Response.Headers["Ce-Subject"] = $"{listener.Namespace}.{listener.Name} accepted {eventId}";
        http.Response.Headers["Ce-Type"] = "dev.tekton.event.triggers.accepted.v1";
        return WriteAsync(http, body);
    }

    /// <summary>400: the body is not a JSON object.</summary>
    public static Task InvalidBodyAsync(HttpContext http, SinkOptions listener, string jsonError)
    {
        http.Response.StatusCode = StatusCodes.Status400BadRequest;
        http.Response.ContentType = "application/json";
        return WriteAsync(http, Body(listener, "", eventId: "", "Invalid event body format : " + jsonError) + "\n");
    }

    /// <summary>The request is not let in: 401, 403, 413, 429, 431, or 500 and 503 when the listener itself is not in order. Upstream refuses nobody.</summary>
    public static Task RefusedAsync(HttpContext http, SinkOptions listener, Refusal refusal)
    {
        http.Response.StatusCode = refusal.Status;
        http.Response.ContentType = "application/json";

        // What was not read is not waited for either.
        http.Response.Headers.Connection = HttpProtocol.IsHttp2(http.Request.Protocol) ? default : "close";
        if (refusal.RetryAfter is { } wait)
        {
            http.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = $"Bearer realm=\"{listener.Namespace}/{listener.Name}\"";
        }

        return WriteAsync(http, Body(listener, "", eventId: "", refusal.Message) + "\n");
    }

    /// <summary>307 to the clean form of a path; Go shows a link to whoever reads.</summary>
    public static Task MovedAsync(HttpContext http, string location)
    {
        http.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        http.Response.Headers.Location = location;
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            return Task.CompletedTask;
        }

        http.Response.ContentType = "text/html; charset=utf-8";
        return HttpMethods.IsHead(http.Request.Method)
            ? Task.CompletedTask
            : WriteAsync(http, $"<a href=\"{WebUtility.HtmlEncode(location)}\">Temporary Redirect</a>.\n\n");
    }

    /// <summary>The body broke off or did not come in time: 500, or 503 when the whole answer is late, too.</summary>
    public static void Unreadable(HttpContext http, bool isLate)
    {
        http.Response.StatusCode = isLate ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError;
        http.Response.Headers.Connection = HttpProtocol.IsHttp2(http.Request.Protocol) ? default : "close";
    }

    /// <summary>503: it took longer than the listener allows.</summary>
    public static Task TimedOutAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        http.Response.Headers.Connection = HttpProtocol.IsHttp2(http.Request.Protocol) ? default : "close";
        http.Response.ContentType = "text/plain; charset=utf-8";
        return WriteAsync(http, "EventListener Timeout!\n");
    }

    /// <summary>Key order and presence as upstream: empty <c>eventID</c> and <c>errorMessage</c> are left out.</summary>
    private static string Body(SinkOptions listener, string uid, string eventId, string? error)
    {
        var body = new StringBuilder("{\"eventListener\":").Append(Quote(listener.Name));
        if (listener.Namespace.Length > 0)
        {
            body.Append(",\"namespace\":").Append(Quote(listener.Namespace));
        }

        body.Append(",\"eventListenerUID\":").Append(Quote(uid));
        if (eventId.Length > 0)
        {
            body.Append(",\"eventID\":").Append(Quote(eventId));
        }

        if (error is not null)
        {
            body.Append(",\"errorMessage\":").Append(Quote(error));
        }

        return body.Append('}').ToString();
    }

    private static string Quote(string text) => GoJsonWriter.Quote(text);

    private static Task WriteAsync(HttpContext http, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        http.Response.ContentLength = bytes.Length;

        // A sender may have closed its side and still listen.
        return http.Response.Body.WriteAsync(bytes, CancellationToken.None).AsTask();
    }
}
