using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Pipelines.PipelineRuns;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Controllers;

/// <summary>
/// Shell of <see cref="PipelineRunReconciler"/>: reads the run, its children and what it refers to from the caches, applies the plan, says why in one line.
/// </summary>
public sealed partial class PipelineRunController(ObjectCaches caches, PlanApplier applier, TimeProvider time, ILogger<PipelineRunController> logger) : IController
{
    private const string ConfigNamespace = "tekton-pipelines";

    private static readonly ResourceType[] Owned =
        [Kinds.TaskRun, Kinds.CustomRun, Kinds.PipelineRun, Kinds.ResolutionRequest, Kinds.PersistentVolumeClaim, Kinds.StatefulSet];

    public string Name => "pipelinerun-controller";

    public ResourceType Type => Kinds.PipelineRun;

    public IReadOnlyList<WatchedType> Watches { get; } = [.. Owned.Select(owned => WatchedType.OwnedBy(Kinds.PipelineRun, owned))];

    public async Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (caches.For(Kinds.PipelineRun).Get(key) is not { } run || run.IsBeingDeleted())
        {
            return null;
        }

        await Task.WhenAll(new[] { Kinds.Task, Kinds.Pipeline, Kinds.ConfigMap }.Select(type => caches.For(type).Synced)).WaitAsync(cancellationToken);
        var plan = PipelineRunReconciler.Reconcile(Observe(run), time.GetUtcNow());
        await applier.ApplyAsync(Kinds.PipelineRun, run, plan, cancellationToken);
        Log.Decided(logger, key, plan.Reason, plan.Changes.Count);
        return plan.WakeAt;
    }

    private PipelineRunWorld Observe(JsonObject run)
    {
        var ns = run.Namespace();
        return new PipelineRunWorld
        {
            Run = run,
            Config = new PipelinesConfig(Texts("feature-flags"), Texts("config-defaults")),
            Children = [.. new[] { Kinds.TaskRun, Kinds.CustomRun, Kinds.PipelineRun }.SelectMany(type => caches.For(type).OwnedBy(run))],
            Resolutions = [.. caches.For(Kinds.ResolutionRequest).OwnedBy(run)],
            FindPipeline = name => caches.For(Kinds.Pipeline).Get(new ObjectKey(ns, name)),
            FindTask = name => caches.For(Kinds.Task).Get(new ObjectKey(ns, name)),
            Owned = new[] { Kinds.PersistentVolumeClaim, Kinds.StatefulSet }
                .SelectMany(type => caches.For(type).OwnedBy(run).Select(owned => $"{type.Plural}/{owned.Name()}")).ToHashSet(),
        };
    }

    private Dictionary<string, string> Texts(string configMap) =>
        (caches.For(Kinds.ConfigMap).Get(new ObjectKey(ConfigNamespace, configMap)).Object("data") ?? [])
            .Where(pair => pair.Key != "_example").ToDictionary(pair => pair.Key, pair => pair.Value?.ToString() ?? "");

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "PipelineRun {Key}: {Reason}, {Changes} changes")]
        public static partial void Decided(ILogger logger, ObjectKey key, string reason, int changes);
    }
}
