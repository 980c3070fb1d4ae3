using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Server.Controllers;
using Hikigane.Server.Metrics;
using Hikigane.Triggers.EventListeners;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Parts;

/// <summary>Controllers, reconciling. What they say is written into objects; those of Triggers count what there is.</summary>
internal static class ControllersPart
{
    /// <summary>The controllers of Triggers, with caches of their own or shared ones.</summary>
    public static StartPart Triggers(ListenerOptions options, ObjectCaches? shared = null) => async (context, _) =>
    {
        var applier = new PlanApplier(context.Kube, new EventRecorder(context.Kube, context.Time, "EventListener"));
        ControllerMetrics? metrics = null;
        var running = await StartAsync(context, shared, caches =>
        {
            metrics = new ControllerMetrics(caches, context.Time, context.IsAlone);
            return
            [
                new EventListenerController(context.Kube, applier, context.Time, options),
                new InterceptorController(context.Kube, applier, Kinds.ClusterInterceptor),
                new InterceptorController(context.Kube, applier, Kinds.Interceptor),
            ];
        });
        return running with
        {
            Metrics = metrics!.AnswerAsync,
            Stop = async () =>
            {
                await running.Stop();
                metrics.Dispose();
            },
        };
    };

    /// <summary>The controllers of Pipelines.</summary>
    /// <param name="streams">Logs of pods, for results that are kept there; null where they cannot be read.</param>
    public static StartPart Pipelines(IPodStreams? streams, ObjectCaches? shared = null) => async (context, _) =>
    {
        var running = await StartAsync(context, shared, caches =>
        [
            new PipelineRunController(
                caches, new PlanApplier(caches.Kube, new EventRecorder(caches.Kube, context.Time, "PipelineRun")), context.Time,
                context.Logging.CreateLogger<PipelineRunController>()),
            new TaskRunController(
                caches, new EventRecorder(caches.Kube, context.Time, "TaskRun"), context.Time, context.Logging.CreateLogger<TaskRunController>(), streams),
        ]);
        return ProcessMetrics.Of(running, context);
    };

    private static Task<RunningPart> StartAsync(PartContext context, ObjectCaches? shared, Func<ObjectCaches, IReadOnlyList<IController>> controllers)
    {
        var caches = shared ?? new ObjectCaches(context.Kube, context.Time, context.Logging.CreateLogger<ObjectCaches>());
        var stopping = new CancellationTokenSource();
        var loops = controllers(caches)
            .Select(controller => new ReconcileLoop(controller, caches, context.Time, context.Logging.CreateLogger<ReconcileLoop>())).ToList();
        var running = Task.WhenAll(loops.Select(loop => loop.RunAsync(stopping.Token)));
        return Task.FromResult(new RunningPart(0, StopAsync) { IsReady = () => loops.TrueForAll(loop => caches.For(loop.Controller.Type).Synced.IsCompleted) });

        async ValueTask StopAsync()
        {
            await stopping.CancelAsync();
            await running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            loops.ForEach(loop => loop.Dispose());
            if (shared is null)
            {
                await caches.DisposeAsync();
            }

            stopping.Dispose();
        }
    }
}
