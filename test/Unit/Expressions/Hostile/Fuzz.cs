using System.Diagnostics;
using CsCheck;
using Hikigane.Expressions.Cel.Evaluation;

namespace Hikigane.Unit.Expressions.Hostile;

/// <summary>
/// Random input with bounds: a sample may take neither long nor much memory, and may throw nothing. A second per property, or
/// <c>HIKIGANE_FUZZ_SECONDS</c>; a failure prints the input and the seed that repeats it.
/// </summary>
internal static class Fuzz
{
    // Dropped memory counts too: a pattern with groups leaves a kilobyte for each character that it looks at.
    private const long MostBytes = 4L << 30;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly string? Asked = Environment.GetEnvironmentVariable("HIKIGANE_FUZZ_SECONDS");

    /// <summary>What an evaluation may cost: a tenth of the usual, so that the tests stay quick; all of it when time was asked for.</summary>
    public static long Budget => Asked is null ? EvaluationFrame.DefaultBudget / 10 : EvaluationFrame.DefaultBudget;

    private static int Seconds => int.TryParse(Asked, out var seconds) ? seconds : 1;

    public static void Sample<T>(Gen<T> input, Action<T> check) =>
        input.Sample(one => Bounded(() => check(one)), time: Seconds, threads: 1, print: one => one as string ?? $"{one}");

    /// <summary>Runs something that has to end soon and in little memory. The bounds leave room for a busy machine.</summary>
    public static void Bounded(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        action();
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < MostBytes, "took more than 4 GiB of memory");
        Assert.True(Stopwatch.GetElapsedTime(start) < Longest, $"took {Stopwatch.GetElapsedTime(start)}");
    }
}
