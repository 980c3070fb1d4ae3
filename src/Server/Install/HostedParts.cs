using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;
using Hikigane.Runtime;
using Hikigane.Server.Https;
using Hikigane.Server.Parts;

namespace Hikigane.Server.Install;

/// <summary>
/// The parts of Tekton that run in this process as containers of pods of their own, so that <c>kubectl get pod -n tekton-pipelines</c> shows what
/// runs: stopping such a pod stops the part, and its Deployment starts it again.
/// </summary>
internal static class HostedParts
{
    public const string TriggersController = "tekton-triggers-controller";
    public const string PipelinesController = "tekton-pipelines-controller";
    public const string TriggersWebhook = "tekton-triggers-webhook";
    public const string PipelinesWebhook = "tekton-pipelines-webhook";
    public const string CoreInterceptors = "tekton-triggers-core-interceptors";

    /// <summary>The port that webhooks and interceptors serve on inside their pods.</summary>
    public const int ServedPort = 8443;

    private const int MetricsPort = 9000;

    public static readonly IReadOnlyList<string> Names = [TriggersController, TriggersWebhook, CoreInterceptors, PipelinesController, PipelinesWebhook];

    private const string ImagePrefix = "hikigane/";

    /// <summary>Serves a part's container by running the part.</summary>
    public static void AddTo(HostedContainers hosted, string part, PartContext context, StartPart start) =>
        hosted.Add(container => container.Text("image") == ImagePrefix + part, (container, token) => RunAsync(container, context, start, token), isResumable: true);

    public static JsonObject Deployment(string part) => new()
    {
        ["apiVersion"] = "apps/v1",
        ["kind"] = "Deployment",
        ["metadata"] = new JsonObject { ["name"] = part, ["namespace"] = Installation.Namespace, ["labels"] = Labels(part) },
        ["spec"] = new JsonObject
        {
            ["replicas"] = 1,
            ["selector"] = new JsonObject { ["matchLabels"] = Labels(part) },
            ["template"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = Labels(part) },
                ["spec"] = new JsonObject { ["serviceAccountName"] = part, ["containers"] = new JsonArray(Container(part)) },
            },
        },
    };

    /// <summary>The Service of a part that serves; null for one that does not.</summary>
    public static JsonObject? Service(string part) => !Serves(part) ? null : new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Service",
        ["metadata"] = new JsonObject { ["name"] = part, ["namespace"] = Installation.Namespace, ["labels"] = Labels(part) },
        ["spec"] = new JsonObject
        {
            ["selector"] = Labels(part),
            ["ports"] = new JsonArray(part == CoreInterceptors
                ? new JsonObject { ["name"] = "https", ["port"] = ServedPort, ["targetPort"] = ServedPort }
                : new JsonObject { ["name"] = "https-webhook", ["port"] = 443, ["targetPort"] = ServedPort }),
        },
    };

    /// <summary>As upstream's deployments: Triggers on 9000, Pipelines on 9090.</summary>
    public static int MetricsPortOf(string part) => part is PipelinesController or PipelinesWebhook ? 9090 : MetricsPort;

    private static bool Serves(string part) => part is TriggersWebhook or PipelinesWebhook or CoreInterceptors;

    private static JsonObject Container(string part)
    {
        var container = new JsonObject { ["name"] = part, ["image"] = ImagePrefix + part, ["imagePullPolicy"] = "IfNotPresent" };
        if (Serves(part))
        {
            container["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["containerPort"] = ServedPort });
            container["readinessProbe"] = part == CoreInterceptors
                ? new JsonObject { ["httpGet"] = new JsonObject { ["path"] = "/ready", ["port"] = ServedPort, ["scheme"] = "HTTPS" }, ["timeoutSeconds"] = 5 }
                : new JsonObject { ["tcpSocket"] = new JsonObject { ["port"] = ServedPort }, ["timeoutSeconds"] = 5 };
        }

        if (part == TriggersController)
        {
            container["ports"] = new JsonArray(new JsonObject { ["name"] = "metrics", ["containerPort"] = MetricsPort });
        }

        return container;
    }

    private static async Task<int> RunAsync(ContainerContext container, PartContext context, StartPart start, CancellationToken cancellationToken)
    {
        try
        {
            await using var running = await start(context, cancellationToken);
            if (running.Port != 0)
            {
                container.ServesPort(ServedPort, running.Port);
            }

            await using var metrics = running.Metrics is { } answer
                ? await HealthServer.StartAsync(ListenAddress.Loopback, running.IsReady, () => answer, cancellationToken) : null;
            if (metrics is not null)
            {
                container.ServesPort(MetricsPort, metrics.Port);
            }

            await container.Received.ReadAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception exception) when (exception is KubeException or TimeoutException)
        {
            return 1;
        }

        return 0;
    }

    private static JsonObject Labels(string part) => new() { ["app"] = part, ["app.kubernetes.io/part-of"] = "tekton-" + part.Split('-')[1] };
}
