using System.Diagnostics.Metrics;
using Hikigane.Kube;
using Hikigane.Resources;
using Microsoft.AspNetCore.Http;

namespace Hikigane.Server.Metrics;

/// <summary>
/// How many objects of each Triggers kind there are, under upstream's names (spec: triggers.md §2.9). Counted when somebody looks, not every
/// minute. As tektoncd/triggers pkg/reconciler/metrics.
/// </summary>
internal sealed class ControllerMetrics : IDisposable
{
    private const string Scope = "github.com/tektoncd/triggers/pkg/reconciler/metrics";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly (string Name, ResourceType Type)[] Counted =
    [
        ("eventlistener", Kinds.EventListener),
        ("triggerbinding", Kinds.TriggerBinding),
        ("clustertriggerbinding", Kinds.ClusterTriggerBinding),
        ("triggertemplate", Kinds.TriggerTemplate),
        ("clusterinterceptor", Kinds.ClusterInterceptor),
    ];

    private readonly Meter meter = new(Scope);
    private readonly PrometheusText text;
    private readonly ObjectCaches caches;
    private readonly TimeProvider time;

    /// <param name="isAlone">Whether the process is this part and no more: then what the process does is shown, too.</param>
    public ControllerMetrics(ObjectCaches caches, TimeProvider time, bool isAlone)
    {
        this.caches = caches;
        this.time = time;
        text = isAlone ? ProcessMetrics.With(meter) : new PrometheusText(instrument => ReferenceEquals(instrument.Meter, meter));
        foreach (var (name, type) in Counted)
        {
            meter.CreateObservableGauge($"controller_{name}_count", () => (long)caches.For(type).All.Count(), description: $"number of {name}");
        }
    }

    /// <summary>Answers <c>/metrics</c>; the first time it waits until the objects are listed.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        try
        {
            await Task.WhenAll(Counted.Select(kind => caches.For(kind.Type).Synced)).WaitAsync(Patience, time, http.RequestAborted);
        }
        catch (TimeoutException)
        {
            // What cannot be listed counts as none.
        }

        await text.AnswerAsync(http);
    }

    public void Dispose()
    {
        text.Dispose();
        meter.Dispose();
    }
}
