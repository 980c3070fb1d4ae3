using System.Diagnostics;
using System.Diagnostics.Metrics;
using Hikigane.Kube;
using Hikigane.Server.Parts;

namespace Hikigane.Server.Metrics;

/// <summary>What a process that is one role shows of itself: its processor time and memory, its work queues, its requests to the API.</summary>
internal static class ProcessMetrics
{
    private static readonly Meter Meter = new("process");

    static ProcessMetrics()
    {
        Meter.CreateObservableCounter(
            "process_cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, description: "Total user and system CPU time spent in seconds.");
        Meter.CreateObservableGauge("process_resident_memory_bytes", () => Environment.WorkingSet, description: "Resident memory size in bytes.");
        Meter.CreateObservableGauge("dotnet_gc_heap_bytes", () => GC.GetTotalMemory(forceFullCollection: false), description: "Bytes of the managed heap.");
        Meter.CreateObservableGauge("dotnet_threadpool_threads", () => (long)ThreadPool.ThreadCount, description: "Threads of the thread pool.");
        using var process = Process.GetCurrentProcess();
        var started = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        Meter.CreateObservableGauge("process_start_time_seconds", () => started, description: "Start time of the process since unix epoch in seconds.");
    }

    /// <summary>The process, and a meter of its part.</summary>
    public static PrometheusText With(Meter? own) =>
        new(instrument => ReferenceEquals(instrument.Meter, own) || ReferenceEquals(instrument.Meter, Meter) || ReferenceEquals(instrument.Meter, KubeMetrics.Meter));

    /// <summary>A part that has no figures of its own.</summary>
    public static RunningPart Of(RunningPart part, PartContext context)
    {
        if (!context.IsAlone)
        {
            return part;
        }

        var text = With(own: null);
        return part with
        {
            Metrics = text.AnswerAsync,
            Stop = async () =>
            {
                await part.Stop();
                text.Dispose();
            },
        };
    }
}
