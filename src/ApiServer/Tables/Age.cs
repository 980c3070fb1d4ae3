using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Tables;

/// <summary>Spans of time as kubectl's tables show them. As apimachinery util/duration HumanDuration.</summary>
internal static class Age
{
    public static string Of(JsonNode? timestamp, DateTimeOffset now) =>
        Parse(timestamp.Text()) is { } at ? Human(now - at) : "<unknown>";

    public static DateTimeOffset? Parse(string? timestamp) =>
        DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    public static string Human(TimeSpan span)
    {
        if (span.TotalSeconds < -1)
        {
            return "<invalid>";
        }

        var seconds = (long)Math.Max(span.TotalSeconds, 0);
        var (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
        return (seconds, hours, days) switch
        {
            ( < 120, _, _) => $"{seconds}s",
            ( < 600, _, _) => Two(minutes, "m", seconds % 60, "s"),
            ( < 3 * 3600, _, _) => $"{minutes}m",
            (_, < 8, _) => Two(hours, "h", minutes % 60, "m"),
            (_, < 48, _) => $"{hours}h",
            (_, < 192, _) => Two(days, "d", hours % 24, "h"),
            (_, _, < 730) => $"{days}d",
            (_, _, < 2920) => Two(days / 365, "y", days % 365, "d"),
            _ => $"{days / 365}y",
        };
    }

    private static string Two(long large, string largeUnit, long small, string smallUnit) =>
        small == 0 ? $"{large}{largeUnit}" : $"{large}{largeUnit}{small}{smallUnit}";
}
