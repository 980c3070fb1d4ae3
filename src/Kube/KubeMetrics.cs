using System.Diagnostics.Metrics;

namespace Hikigane.Kube;

/// <summary>
/// What work queues and requests to the API are measured by, under the names that controllers of Tekton show. As knative.dev/pkg
/// observability/metrics/k8s.
/// </summary>
public static class KubeMetrics
{
    private static readonly IReadOnlyList<double> Bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    private static readonly Lock Gate = new();
    private static IReadOnlyList<WorkQueue> queues = [];

    public static readonly Meter Meter = new("knative.dev/pkg/observability/metrics/k8s");

    internal static readonly Counter<long> Adds = Meter.CreateCounter<long>("kn_workqueue_adds_total", description: "Number of items added to the queue");

    internal static readonly Counter<long> Retries = Meter.CreateCounter<long>("kn_workqueue_retries_total", description: "Number of items re-queued");

    internal static readonly Histogram<double> QueueDuration = Durations("kn_workqueue_queue_duration_seconds", "How long an item stays in workqueue");

    internal static readonly Histogram<double> ProcessDuration = Durations("kn_workqueue_process_duration_seconds", "How long in seconds processing an item from workqueue takes.");

    internal static readonly Counter<long> StatusCodes = Meter.CreateCounter<long>(
        "kn_k8s_client_http_response_status_code_total", description: "Count of response codes partitioned by method and host");

    internal static readonly Histogram<double> RequestDuration = Durations("http_client_request_duration_seconds", "Duration of HTTP client requests.");

    static KubeMetrics()
    {
        Meter.CreateObservableGauge("kn_workqueue_depth", () => Each(queue => (long)queue.Depth), description: "Number of current items in the queue");
        Meter.CreateObservableGauge(
            "kn_workqueue_unfinished_work_seconds", () => Each(queue => queue.Work.Sum), description: "How many seconds of work has been done that is in progress");
        Meter.CreateObservableGauge(
            "kn_workqueue_longest_running_processor_seconds", () => Each(queue => queue.Work.Longest),
            description: "How many seconds has the longest running processor for workqueue been running.");
    }

    /// <summary>Bounds of durations in seconds, as upstream's exporter has them.</summary>
    public static InstrumentAdvice<double> Seconds => new() { HistogramBucketBoundaries = Bounds };

    internal static void Add(WorkQueue queue)
    {
        lock (Gate)
        {
            queues = [.. queues, queue];
        }
    }

    internal static void Remove(WorkQueue queue)
    {
        lock (Gate)
        {
            queues = [.. queues.Where(other => other != queue)];
        }
    }

    private static Histogram<double> Durations(string name, string description) => Meter.CreateHistogram(name, "s", description, advice: Seconds);

    private static IEnumerable<Measurement<T>> Each<T>(Func<WorkQueue, T> measure)
        where T : struct =>
        queues.Select(queue => new Measurement<T>(measure(queue), queue.Tag));
}
