using System.Diagnostics;
using System.Globalization;

namespace Hikigane.Load;

/// <summary>Numbers of the command line, and what is printed of many durations.</summary>
internal static class Number
{
    public static int Of(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary><c>p50 1.2 ms, p99 3.4 ms, max 5.6 ms</c>.</summary>
    public static string Spread(IEnumerable<TimeSpan> durations)
    {
        var sorted = durations.Order().ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"p50 {At(0.50)} ms, p99 {At(0.99)} ms, max {At(1)} ms");

        double At(double share) => Math.Round(sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)].TotalMilliseconds, 1);
    }

    public static string PerSecond(int count, Stopwatch watch) =>
        string.Create(CultureInfo.InvariantCulture, $"{count / watch.Elapsed.TotalSeconds:F0}/s ({count} in {watch.Elapsed.TotalSeconds:F2} s)");
}
