using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Pipelines.Configuration;
using Hikigane.Pipelines.TaskRuns;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;
using Hikigane.Resources.Yaml;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Controllers;

/// <summary>Shell of <see cref="TaskRunReconciler"/>: reads the world from the caches, applies the plan, logs one line.</summary>
public sealed partial class TaskRunController(
    ObjectCaches caches, EventRecorder events, TimeProvider time, ILogger<TaskRunController> logger, IPodStreams? streams = null) : IController
{
    /// <summary>Where the configuration lies.</summary>
    private const string SystemNamespace = "tekton-pipelines";

    private readonly PlanApplier applier = new(caches.Kube, events);

    public string Name => "taskrun-controller";

    public ResourceType Type => Kinds.TaskRun;

    public IReadOnlyList<WatchedType> Watches =>
        [WatchedType.OwnedBy(Kinds.TaskRun, Kinds.Pod), WatchedType.OwnedBy(Kinds.TaskRun, Kinds.ResolutionRequest), .. ReadOnly.Select(type => new WatchedType(type, _ => []))];

    private static readonly ResourceType[] ReadOnly =
        [Kinds.Task, Kinds.StepAction, Kinds.ServiceAccount, Kinds.Secret, Kinds.LimitRange, Kinds.PersistentVolumeClaim, Kinds.ConfigMap];

    public async Task<DateTimeOffset?> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (caches.For(Kinds.TaskRun).Get(key) is not { } run)
        {
            return null;
        }

        var world = await ObserveAsync(run, cancellationToken);
        var plan = TaskRunReconciler.Reconcile(world, time.GetUtcNow());
        try
        {
            await ApplyAsync(run, plan, cancellationToken);
        }
        catch (KubeException refused) when (!refused.IsConflict && !refused.IsTransient && plan.Changes.Any(change => change is Change.Create { Type: var type } && type == Kinds.Pod))
        {
            var refusal = new PodRefusal(refused.Code, refused.Reason, refused.Message);
            plan = TaskRunReconciler.Reconcile(world with { PodRefusal = refusal }, time.GetUtcNow());
            await ApplyAsync(run, plan, cancellationToken);
        }

        Log.Decided(logger, key, plan.Reason);
        return plan.WakeAt;
    }

    private async Task<TaskRunWorld> ObserveAsync(JsonObject run, CancellationToken cancellationToken)
    {
        var ns = run.Namespace();
        var config = PipelinesConfig.Read(
            caches.For(Kinds.ConfigMap).Get(new ObjectKey(SystemNamespace, "feature-flags")),
            caches.For(Kinds.ConfigMap).Get(new ObjectKey(SystemNamespace, "config-defaults")),
            text => YamlReader.ReadObject(text, out _));
        var account = run.Text("spec", "serviceAccountName") is { Length: > 0 } given ? given : config.ServiceAccount;
        return new TaskRunWorld
        {
            Run = run,
            Pods = [.. caches.For(Kinds.Pod).OwnedBy(run)],
            Task = caches.For(Kinds.Task).Get(new ObjectKey(ns, run.Text("spec", "taskRef", "name") ?? "")),
            StepActions = ByName(Kinds.StepAction, ns),
            ResolutionRequests = ByName(Kinds.ResolutionRequest, ns),
            ServiceAccount = caches.For(Kinds.ServiceAccount).Get(new ObjectKey(ns, account)),
            Secrets = ByName(Kinds.Secret, ns),
            LimitRanges = [.. caches.For(Kinds.LimitRange).In(ns)],
            Claims = caches.For(Kinds.PersistentVolumeClaim).In(ns).Select(claim => claim.Name()).ToHashSet(),
            Config = config,
            SidecarLog = config.ResultsFromSidecarLogs ? await SidecarLogAsync(run, cancellationToken) : null,
        };
    }

    private Dictionary<string, JsonObject> ByName(ResourceType type, string ns) =>
        caches.For(type).In(ns).GroupBy(one => one.Name()).ToDictionary(group => group.Key, group => group.First());

    private async Task<string?> SidecarLogAsync(JsonObject run, CancellationToken cancellationToken)
    {
        var pod = caches.For(Kinds.Pod).Get(new ObjectKey(run.Namespace(), run.Text("status", "podName") ?? ""));
        if (streams is null || pod is null)
        {
            return null;
        }

        using var log = new MemoryStream();
        try
        {
            await foreach (var part in streams.LogAsync(pod, "sidecar-tekton-log-results", new LogQuery(), cancellationToken))
            {
                log.Write(part.Span);
            }
        }
        catch (KubeException exception) when (!exception.IsTransient)
        {
            // No log yet: the container has not started.
        }

        return System.Text.Encoding.UTF8.GetString(log.ToArray());
    }

    /// <summary>The run's own labels and annotations come last: they change its version, which the status write is guarded by.</summary>
    private async Task ApplyAsync(JsonObject run, Plan plan, CancellationToken cancellationToken)
    {
        var own = plan.Changes.OfType<Change.Patch>().Where(patch => patch.Type == Kinds.TaskRun).ToList();
        await applier.ApplyAsync(Kinds.TaskRun, run, plan with { Changes = [.. plan.Changes.Except(own)] }, cancellationToken);
        foreach (var patch in own)
        {
            await caches.Kube.PatchAsync(patch.Type, patch.Key, new Patch(PatchKind.Merge, patch.Body), cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "TaskRun {Key}: {Reason}")]
        public static partial void Decided(ILogger logger, ObjectKey key, string reason);
    }
}
