using Hikigane.Kube;
using Hikigane.Server.Https;
using Hikigane.Server.Interceptors;
using Hikigane.Server.Listener;
using Hikigane.Server.Metrics;
using Hikigane.Triggers.Interceptors;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Parts;

/// <summary>The core interceptors, serving over HTTPS for listeners that are not ours. As tektoncd/triggers cmd/interceptors.</summary>
internal static class InterceptorsPart
{
    public const string Secret = "tekton-triggers-core-interceptors-certs";

    public static async Task<RunningPart> StartAsync(PartContext context, CancellationToken cancellationToken)
    {
        var stopping = new CancellationTokenSource();
        var secrets = new SecretCache(context.Kube, context.Time, context.Logging.CreateLogger<SecretCache>());
        var client = new InterceptorClient(context.Time);
        var byName = BuiltInInterceptors.Of((key, token) => ReadAsync(secrets, key, token), client.AskGitHubAsync, context.Time);
        var name = new ServingName(context.Namespace, Secret, InterceptorAddress.CoreService, context.Url?.Host);
        var certificate = new ServingSecret(context.Kube, name, context.Time, context.Logging.CreateLogger<ServingSecret>());
        await certificate.RefreshAsync(cancellationToken);
        var service = new InterceptorService(byName, context.Time);
        var metrics = new ServedMetrics(context);
        var server = await HttpsServer.StartAsync(
            context.Listen, () => certificate.Certificate, http => metrics.MeasureAsync(http, service.HandleAsync), cancellationToken);
        var bundles = new CoreBundles(context.Kube);
        var renewing = certificate.RunAsync(token => bundles.WriteAsync(certificate.Bundle, token), stopping.Token);
        return new RunningPart(server.Port, async () =>
        {
            await server.DisposeAsync();
            await stopping.CancelAsync();
            await renewing;
            await secrets.DisposeAsync();
            client.Dispose();
            stopping.Dispose();
            metrics.Dispose();
        })
        {
            Metrics = metrics.Answer,
        };
    }

    /// <summary>Over the wire there is nobody who would try again: what the API says is the answer.</summary>
    private static async ValueTask<SecretValue> ReadAsync(SecretCache secrets, SecretKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await secrets.ReadAsync(key, cancellationToken);
        }
        catch (KubeException exception)
        {
            return SecretValue.Missing(exception.Message);
        }
    }
}
