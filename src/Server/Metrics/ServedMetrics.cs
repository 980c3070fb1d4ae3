using System.Diagnostics.Metrics;
using Hikigane.Kube;
using Hikigane.Server.Parts;
using Microsoft.AspNetCore.Http;

namespace Hikigane.Server.Metrics;

/// <summary>
/// How long a webhook or the interceptors take to answer, in a process that is this part and no more; elsewhere nothing is measured. Names as
/// knative.dev/pkg webhook.
/// </summary>
internal sealed class ServedMetrics : IDisposable
{
    private readonly TimeProvider time;
    private readonly Meter meter = new("knative.dev/pkg/webhook");
    private readonly PrometheusText? text;
    private readonly Histogram<double> requests;
    private readonly Histogram<double> handlers;

    public ServedMetrics(PartContext context)
    {
        time = context.Time;
        requests = meter.CreateHistogram("http_server_request_duration_seconds", "s", "Duration of HTTP server requests.", advice: KubeMetrics.Seconds);
        handlers = meter.CreateHistogram("kn_webhook_handler_duration_seconds", "s", "The duration of task execution.", advice: KubeMetrics.Seconds);
        text = context.IsAlone ? ProcessMetrics.With(meter) : null;
    }

    /// <summary>Answers <c>/metrics</c>; null where nothing is measured.</summary>
    public RequestDelegate? Answer => text is null ? null : text.AnswerAsync;

    /// <summary>Lets a request be answered and notes how long that took.</summary>
    public async Task MeasureAsync(HttpContext http, RequestDelegate answer)
    {
        var started = time.GetTimestamp();
        await answer(http);
        var seconds = time.GetElapsedTime(started).TotalSeconds;
        requests.Record(
            seconds, new("http_request_method", Verb(http.Request.Method)), new("http_response_status_code", http.Response.StatusCode),
            new("url_scheme", http.Request.Scheme));
        if (Type(http.Request.Path) is { } type)
        {
            handlers.Record(seconds, new KeyValuePair<string, object?>("kn_webhook_type", type));
        }
    }

    public void Dispose()
    {
        text?.Dispose();
        meter.Dispose();
    }

    /// <summary>Anybody may send any word; those that are not known count as one.</summary>
    private static string Verb(string method) => method is "GET" or "POST" or "PUT" or "DELETE" or "HEAD" or "PATCH" or "OPTIONS" ? method : "_OTHER";

    private static string? Type(string? path) => path switch
    {
        "/defaulting" => "defaulting",
        "/resource-validation" or "/config-validation" => "validation",
        "/resource-conversion" => "conversion",
        _ => null,
    };
}
