using System.Diagnostics;
using System.Globalization;

namespace Hikigane.Micro;

/// <summary>
/// Time of the processor and allocated bytes of one operation. Processor time, because other work on the machine does not count there; the best of several
/// rounds, because the runtime's own work in the background does.
/// </summary>
internal static class Measured
{
    private const int Rounds = 7;
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(300);

    public static void Report(string what, Action operation)
    {
        Run(operation, Round * 3);
        var best = Enumerable.Range(0, Rounds).Select(_ => Run(operation, Round)).MinBy(round => round.Nanoseconds);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {Time(best.Nanoseconds)} | {best.Bytes:N0} B |"));
    }

    private static (double Nanoseconds, long Bytes) Run(Action operation, TimeSpan duration)
    {
        var count = 0;
        var watch = Stopwatch.StartNew();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var before = Environment.CpuUsage.TotalTime;
        while (watch.Elapsed < duration)
        {
            for (var i = 0; i < 16; i++)
            {
                operation();
            }

            count += 16;
        }

        return ((Environment.CpuUsage.TotalTime - before).TotalNanoseconds / count, (GC.GetAllocatedBytesForCurrentThread() - allocated) / count);
    }

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds:F0} ns"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1_000:F1} µs"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1_000_000:F1} ms"),
    };
}
