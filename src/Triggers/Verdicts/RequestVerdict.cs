using System.Text.Json;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Triggers.Verdicts;

/// <summary>
/// Why a request got no further than the listener's edge: no trigger was asked. One verdict stands for all of them, so that the request is listed, filtered
/// and explained like any other.
/// </summary>
public static class RequestVerdict
{
    /// <summary>The source of a verdict that is the listener's, not a trigger's.</summary>
    public const string Source = "listener";

    /// <summary>400. The parser's own words come with the place that they are about.</summary>
    public static TriggerVerdict NotJson(ReceivedEvent received, string error)
    {
        var isForm = EventFacts.Header(received, "Content-Type")?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true;
        var explain = received.Body.IsEmpty ? "The request has no body."
            : isForm ? "Form-encoded payload. The sender uses `application/x-www-form-urlencoded`; this listener needs JSON."
            : $"The body is not a JSON object: {error}{Place(received.Body.Span)}.";
        return Of(received, TriggerOutcome.Rejected, Causes.RequestNotJson, "Invalid event body format : " + error) with
        {
            Explain = explain,
            Fix = received.Body.IsEmpty ? "Send a JSON object; a browser or a health probe sends none (probes use /live)."
                : isForm ? "Change the hook's content type to application/json."
                : "Send a JSON object. What was sent: hikigane event show " + received.EventId + " --body",
        };
    }

    /// <summary>The body broke off, came too slowly, or is not HTTP.</summary>
    public static TriggerVerdict Unreadable(ReceivedEvent received, bool isSlow, string message) =>
        Of(received, TriggerOutcome.Error, Causes.RequestUnreadable, message) with
        {
            Explain = isSlow ? "The body did not arrive in the time that the listener gives it." : $"The body broke off, or is not HTTP: {message}",
            Fix = isSlow ? "Look at the way between the sender and here, or raise the annotation listener.hikigane.dev/read-timeout." : "Have the sender deliver it again.",
        };

    /// <summary>401, 403, 413, 429, 431 or 503: not let in. Of its body nothing is kept.</summary>
    public static TriggerVerdict AtTheDoor(ReceivedEvent received, string cause, string message) => Of(received, TriggerOutcome.Rejected, cause, message) with
    {
        Explain = cause switch
        {
            Causes.RequestAddress => $"The listener takes no requests from {received.RemoteAddress}.",
            Causes.RequestCertificate => "The listener asks for a client certificate; the request came without one.",
            Causes.RequestCredentials => $"The listener asks for a bearer token: {message}.",
            Causes.RequestRate => "More requests came than the listener takes in a second.",
            Causes.RequestTooLarge =>
                $"The body has {(EventFacts.Header(received, "Content-Length") is null ? "at least " : "")}{received.BodyBytes} bytes, more than this listener takes. It is not kept.",
            Causes.RequestFull => "The bodies of the requests under way were as large, together, as the listener may hold.",
            _ => $"The listener does not take headers of this size: {message}.",
        },
        Fix = cause switch
        {
            Causes.RequestAddress => "If the sender is the right one, add it to the annotation listener.hikigane.dev/allow-from; behind a proxy set trusted-proxies.",
            Causes.RequestCertificate => "Give the sender a certificate of the authority in listener.hikigane.dev/client-ca-secret.",
            Causes.RequestCredentials => "Give the sender a token of the Secret in listener.hikigane.dev/bearer-token-secret.",
            Causes.RequestRate => "Have the sender slow down, or raise the annotation listener.hikigane.dev/rate-limit (or …-per-address).",
            Causes.RequestTooLarge => "Have the sender send less, or raise the annotation listener.hikigane.dev/max-body-bytes of the EventListener.",
            Causes.RequestFull => "Have the sender deliver it again, or raise the annotation listener.hikigane.dev/max-body-bytes-in-flight.",
            _ => "Raise the annotation listener.hikigane.dev/max-header-bytes.",
        },
    };

    /// <summary>500 or 503: whoever sends, the listener cannot serve.</summary>
    public static TriggerVerdict ListenerInvalid(ReceivedEvent received, string message) =>
        Of(received, TriggerOutcome.Error, Causes.ListenerInvalid, message) with
        {
            Explain = $"EventListener `{received.ListenerNamespace}/{received.ListenerName}` takes no requests as it is: {message}.",
            Fix = "Correct the EventListener, or the Secret that it names.",
        };

    private static TriggerVerdict Of(ReceivedEvent received, TriggerOutcome outcome, string cause, string message) => new()
    {
        Namespace = received.ListenerNamespace,
        Name = "",
        Source = Source,
        Outcome = outcome,
        Cause = cause,
        Message = message,
    };

    /// <summary>Where in the text the error is; empty when the two parsers do not agree that there is one.</summary>
    private static string Place(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 10_000 });
        try
        {
            while (reader.Read())
            {
            }

            return "";
        }
        catch (JsonException exception)
        {
            return exception is { LineNumber: { } line, BytePositionInLine: { } column } ? $" (line {line + 1}, byte {column + 1})" : "";
        }
    }
}
