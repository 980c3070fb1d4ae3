using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Server.Https;
using Hikigane.Server.Metrics;
using Hikigane.Server.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Parts;

/// <summary>The admission webhook of Triggers or of Pipelines, serving: certificate, registration, answers.</summary>
internal static class WebhookPart
{
    private static readonly TimeSpan LongestFirstList = TimeSpan.FromSeconds(10);

    /// <summary>Gives the function that starts the webhook of a site.</summary>
    public static StartPart Of(WebhookSite site) => (context, cancellationToken) => StartAsync(site, context, cancellationToken);

    private static async Task<RunningPart> StartAsync(WebhookSite site, PartContext context, CancellationToken cancellationToken)
    {
        var stopping = new CancellationTokenSource();
        var maps = new ObjectCache(context.Kube, Kinds.ConfigMap, context.Time, context.Logging.CreateLogger<ObjectCache>(), context.Namespace);
        var watching = maps.RunAsync(stopping.Token);
        var certificate = new ServingSecret(
            context.Kube, new ServingName(context.Namespace, site.Secret, site.Name, context.Url?.Host), context.Time, context.Logging.CreateLogger<ServingSecret>());
        await certificate.RefreshAsync(cancellationToken);
        await maps.Synced.WaitAsync(LongestFirstList, context.Time, cancellationToken);

        var endpoint = new ReviewEndpoint(Config, site.Converts is not null);
        var metrics = new ServedMetrics(context);
        var server = await HttpsServer.StartAsync(
            context.Listen, () => certificate.Certificate, http => metrics.MeasureAsync(http, _ => AnswerAsync(http, endpoint)), cancellationToken);
        var registration = new WebhookRegistration(site, context);
        await registration.WriteAsync(certificate.Bundle, cancellationToken);
        var renewing = certificate.RunAsync(token => registration.WriteAsync(certificate.Bundle, token), stopping.Token);
        return new RunningPart(server.Port, async () =>
        {
            await server.DisposeAsync();
            await stopping.CancelAsync();
            await Task.WhenAll(watching, renewing);
            stopping.Dispose();
            metrics.Dispose();
        })
        {
            Metrics = metrics.Answer,
        };

        WebhookConfig Config() => WebhookConfig.Read(context.Namespace, name => maps.Get(new ObjectKey(context.Namespace, name)).Object("data"));
    }

    private static async Task AnswerAsync(HttpContext http, ReviewEndpoint endpoint)
    {
        var body = await RequestBytes.ReadAsync(http.Request, http.RequestAborted);
        var answer = endpoint.Handle(http.Request.Path.Value ?? "/", body.Span);
        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.ContentType;
        await http.Response.WriteAsync(answer.Body, http.RequestAborted);
    }
}
