using System.Globalization;
using System.Text;

namespace Hikigane.Resources.Json;

/// <summary>Durations as Go writes and reads them (<c>1h0m0s</c>), which is how Kubernetes objects hold them. As Go time.ParseDuration.</summary>
public static class GoDuration
{
    private const long NanosecondsPerTick = 100;

    /// <summary>Nanoseconds of a duration text; null when it is not one.</summary>
    public static long? Nanoseconds(string text)
    {
        var rest = text.AsSpan();
        var negative = rest.StartsWith("-");
        rest = rest.TrimStart("+-");
        if (text.Length - rest.Length > 1 || rest.Length == 0)
        {
            return null;
        }

        if (rest is "0")
        {
            return 0;
        }

        decimal total = 0;
        while (rest.Length > 0)
        {
            var digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.'))
            {
                digits++;
            }

            var letters = digits;
            while (letters < rest.Length && !char.IsAsciiDigit(rest[letters]) && rest[letters] != '.')
            {
                letters++;
            }

            if (!decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                || Unit(rest[digits..letters]) is not { } unit || number > 10_000_000_000_000_000_000m / unit)
            {
                return null;
            }

            total += number * unit;
            rest = rest[letters..];
        }

        return total > long.MaxValue ? null : negative ? -(long)total : (long)total;
    }

    /// <summary>The span of a duration text; null when it is not one.</summary>
    public static TimeSpan? Parse(string? text) =>
        text is not null && Nanoseconds(text) is { } nanoseconds ? new TimeSpan(nanoseconds / NanosecondsPerTick) : null;

    /// <summary>A duration as Go prints it.</summary>
    public static string Format(TimeSpan span) => Format(checked(span.Ticks * NanosecondsPerTick));

    /// <summary>A duration in nanoseconds as Go prints it.</summary>
    public static string Format(long nanoseconds)
    {
        if (nanoseconds == 0)
        {
            return "0s";
        }

        var sign = nanoseconds < 0 ? "-" : "";
        var rest = Math.Abs((decimal)nanoseconds);
        if (rest < 1_000_000_000)
        {
            var (divisor, unit) = rest < 1_000 ? (1m, "ns") : rest < 1_000_000 ? (1_000m, "µs") : (1_000_000m, "ms");
            return $"{sign}{(rest / divisor).ToString("0.#########", CultureInfo.InvariantCulture)}{unit}";
        }

        var hours = decimal.Truncate(rest / 3_600_000_000_000m);
        rest -= hours * 3_600_000_000_000m;
        var minutes = decimal.Truncate(rest / 60_000_000_000m);
        var seconds = (rest - (minutes * 60_000_000_000m)) / 1_000_000_000m;
        var text = new StringBuilder(sign);
        if (hours > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{hours}h");
        }

        if (hours > 0 || minutes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{minutes}m");
        }

        return text.Append(seconds.ToString("0.#########", CultureInfo.InvariantCulture)).Append('s').ToString();
    }

    private static decimal? Unit(ReadOnlySpan<char> unit) => unit switch
    {
        "ns" => 1m,
        "us" or "µs" or "μs" => 1_000m,
        "ms" => 1_000_000m,
        "s" => 1_000_000_000m,
        "m" => 60_000_000_000m,
        "h" => 3_600_000_000_000m,
        _ => null,
    };
}
