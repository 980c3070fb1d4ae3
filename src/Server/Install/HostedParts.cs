using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;
using Hikigane.Runtime;

namespace Hikigane.Server.Install;

/// <summary>
/// The parts of Tekton that run in this process as containers of pods of their own, so that <c>kubectl get pod -n tekton-pipelines</c> shows what
/// runs: stopping such a pod stops the part, and its Deployment starts it again.
/// </summary>
internal static class HostedParts
{
    public const string TriggersController = "tekton-triggers-controller";
    public const string PipelinesController = "tekton-pipelines-controller";

    public static readonly IReadOnlyList<string> Names = [TriggersController, PipelinesController];

    private const string ImagePrefix = "hikigane/";

    /// <summary>Serves a part's container by running its controllers.</summary>
    public static void AddTo(HostedContainers hosted, string part, Func<IReadOnlyList<ReconcileLoop>> loops) =>
        hosted.Add(container => container.Text("image") == ImagePrefix + part, (context, token) => RunAsync(context, loops(), token), isResumable: true);

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
                ["spec"] = new JsonObject
                {
                    ["serviceAccountName"] = part,
                    ["containers"] = new JsonArray(new JsonObject
                    {
                        ["name"] = part,
                        ["image"] = ImagePrefix + part,
                        ["imagePullPolicy"] = "IfNotPresent",
                    }),
                },
            },
        },
    };

    private static async Task<int> RunAsync(ContainerContext context, IReadOnlyList<ReconcileLoop> loops, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = Task.WhenAll(loops.Select(loop => loop.RunAsync(stopping.Token)));
        try
        {
            await context.Received.ReadAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
        }

        await stopping.CancelAsync();
        await running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return 0;
    }

    private static JsonObject Labels(string part) => new() { ["app"] = part, ["app.kubernetes.io/part-of"] = "tekton-" + part.Split('-')[1] };
}
