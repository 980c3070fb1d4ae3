using System.Diagnostics.Metrics;
using Hikigane.Resources.Deliveries;
using Hikigane.Server.Metrics;

namespace Hikigane.Server.Listener;

/// <summary>
/// What a listener counts, under upstream's names (spec: triggers.md §3.10), those of its older releases included, and under names of our own
/// what upstream does not tell: the outcome of each trigger, and who was not let in.
/// </summary>
internal sealed class SinkMetrics : IDisposable
{
    private const string Scope = "github.com/tektoncd/triggers/pkg/sink";

    private readonly Meter meter = new(Scope);
    private readonly Counter<long> received;
    private readonly Counter<long> receivedOld;
    private readonly Counter<long> resources;
    private readonly Counter<long> resourcesOld;
    private readonly Counter<long> outcomes;
    private readonly Counter<long> refused;
    private readonly Histogram<double> duration;

    /// <param name="isAlone">Whether the process is this listener and no more: then what the process does is shown, too.</param>
    public SinkMetrics(bool isAlone)
    {
        Text = isAlone ? ProcessMetrics.With(meter) : new PrometheusText(instrument => ReferenceEquals(instrument.Meter, meter));
        received = meter.CreateCounter<long>("eventlistener_event_received_total", description: "number of events received by sink");
        receivedOld = meter.CreateCounter<long>("eventlistener_event_received_count", description: "number of events received by sink");
        resources = meter.CreateCounter<long>("eventlistener_triggered_resources_total", description: "Count of the number of triggered eventlistener resources");
        resourcesOld = meter.CreateCounter<long>("eventlistener_triggered_resources", description: "Count of the number of triggered eventlistener resources");
        outcomes = meter.CreateCounter<long>("eventlistener_trigger_outcome_total", description: "verdicts of triggers by outcome and cause");
        refused = meter.CreateCounter<long>("eventlistener_request_refused_total", description: "requests that were not let in, by cause");
        duration = meter.CreateHistogram(
            "eventlistener_http_duration_seconds", unit: "s", description: "The eventlistener HTTP request duration",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.01, 0.1, 1, 5, 10] });
    }

    /// <summary>What <c>/metrics</c> shows.</summary>
    public PrometheusText Text { get; }

    public void Answered(TimeSpan took) => duration.Record(took.TotalSeconds);

    /// <summary>An event came in: acknowledged, or lost to a bad body or a missing listener.</summary>
    public void Received(bool isAccepted)
    {
        var status = new KeyValuePair<string, object?>("status", isAccepted ? "succeeded" : "failed");
        received.Add(1, status);
        receivedOld.Add(1, status);
    }

    public void Refused(string cause) => refused.Add(1, new KeyValuePair<string, object?>("cause", cause));

    public void Decided(Delivery delivery)
    {
        foreach (var verdict in delivery.Triggers)
        {
            outcomes.Add(
                1, new("listener", delivery.Event.ListenerName), new("trigger", verdict.Name), new("outcome", verdict.Outcome.ToString().ToLowerInvariant()),
                new("cause", verdict.Cause));
            foreach (var created in verdict.Created)
            {
                resources.Add(1, new KeyValuePair<string, object?>("kind", created.Kind));
                resourcesOld.Add(1, new KeyValuePair<string, object?>("kind", created.Kind));
            }
        }
    }

    public void Dispose()
    {
        Text.Dispose();
        meter.Dispose();
    }
}
