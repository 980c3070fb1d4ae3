using System.Buffers;
using System.Globalization;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Go;

/// <summary>Durations and times as Go reads and prints them.</summary>
internal static class GoTime
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    private static readonly (string Unit, decimal Nanoseconds)[] Units =
        [("ns", 1), ("us", 1_000), ("µs", 1_000), ("μs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];

    /// <summary><c>time.ParseDuration</c>; null when the text is none or too long.</summary>
    public static DurationValue? ParseDuration(string text)
    {
        var rest = text.AsSpan();
        var isNegative = rest.StartsWith("-");
        if (isNegative || rest.StartsWith("+"))
        {
            rest = rest[1..];
        }

        if (rest is "0")
        {
            return new DurationValue(0);
        }

        if (rest.Length is 0 or > 200)
        {
            return null;
        }

        decimal total = 0;
        while (rest.Length > 0)
        {
            var length = rest.IndexOfAnyExcept(NumberCharacters);
            if (length <= 0 || length > 25 || !decimal.TryParse(rest[..length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
            {
                return null;
            }

            rest = rest[length..];
            var end = rest.IndexOfAny(NumberCharacters);
            var unit = (end < 0 ? rest : rest[..end]).ToString();
            var found = Units.FirstOrDefault(one => one.Unit == unit);
            if (found.Unit is null || amount > long.MaxValue)
            {
                return null;
            }

            total += decimal.Truncate(amount * found.Nanoseconds);
            rest = rest[unit.Length..];
        }

        total = isNegative ? -total : total;
        return total is < long.MinValue or > long.MaxValue ? null : new DurationValue((long)total);
    }

    /// <summary>Seconds with the fraction that is there: <c>5400s</c>, <c>0.1s</c>.</summary>
    public static string Seconds(DurationValue duration)
    {
        var seconds = new decimal(duration.Nanoseconds) / 1_000_000_000m;
        return seconds.ToString("0.#########", CultureInfo.InvariantCulture) + "s";
    }

    /// <summary>As protobuf's JSON prints a duration: no fraction or one of 3, 6 or 9 digits.</summary>
    public static string JsonSeconds(DurationValue duration)
    {
        var magnitude = UInt128.CreateChecked(Int128.Abs(duration.Nanoseconds));
        var fraction = Fraction((int)(magnitude % 1_000_000_000));
        return $"{(duration.Nanoseconds < 0 ? "-" : "")}{magnitude / 1_000_000_000}{fraction}s";
    }

    /// <summary><c>time.RFC3339Nano</c> in the offset that the time has.</summary>
    public static string Rfc3339(TimestampValue time)
    {
        var fraction = time.Nanoseconds == 0 ? "" : "." + time.Nanoseconds.ToString("000000000", CultureInfo.InvariantCulture).TrimEnd('0');
        return Local(time).ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture) + fraction + Offset(time.OffsetSeconds);
    }

    /// <summary>As JSON carries a time that was converted from a value: UTC.</summary>
    public static string JsonTime(TimestampValue time) => Rfc3339(new TimestampValue(time.Seconds, time.Nanoseconds));

    /// <summary>The date and time in the time's own offset, without the fraction.</summary>
    public static DateTime Local(TimestampValue time)
    {
        var seconds = Math.Clamp(time.Seconds + time.OffsetSeconds, TimestampValue.MinSeconds, TimestampValue.MaxSeconds);
        return DateTime.UnixEpoch.AddTicks(seconds * TimeSpan.TicksPerSecond);
    }

    /// <summary>RFC 3339 as Go's <c>time.Parse</c> takes it; null when the text is none.</summary>
    public static TimestampValue? ParseTime(string text)
    {
        var span = text.AsSpan();
        if (span.Length < 20 || span[10] is not ('T' or 't')
            || !DateTime.TryParseExact(span[..19].ToString().ToUpperInvariant(), "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return span.StartsWith("0000-") && text.EndsWith('Z') ? new TimestampValue(TimestampValue.MinSeconds - 1, 0) : null;
        }

        var rest = span[19..];
        var nanoseconds = 0;
        if (rest[0] is '.' or ',')
        {
            var end = rest[1..].IndexOfAnyExceptInRange('0', '9');
            if (end is <= 0)
            {
                return null;
            }

            nanoseconds = int.Parse(rest.Slice(1, end).ToString().PadRight(9, '0').AsSpan(0, 9), CultureInfo.InvariantCulture);
            rest = rest[(end + 1)..];
        }

        if (ParseOffset(rest) is not { } offset)
        {
            return null;
        }

        return new TimestampValue(((time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond) - offset, nanoseconds, offset);
    }

    private static int? ParseOffset(ReadOnlySpan<char> text)
    {
        if (text is "Z" or "z")
        {
            return 0;
        }

        return text.Length == 6 && text[0] is '+' or '-' && text[3] == ':'
            && int.TryParse(text.Slice(1, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var hours) && hours < 25
            && int.TryParse(text.Slice(4, 2), NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes < 60
                ? ((hours * 3600) + (minutes * 60)) * (text[0] == '-' ? -1 : 1)
                : null;
    }

    private static string Offset(int seconds) => seconds == 0
        ? "Z"
        : $"{(seconds < 0 ? '-' : '+')}{Math.Abs(seconds) / 3600:00}:{Math.Abs(seconds) / 60 % 60:00}";

    private static string Fraction(int nanoseconds)
    {
        var digits = nanoseconds.ToString("000000000", CultureInfo.InvariantCulture);
        return nanoseconds == 0 ? "" : "." + (nanoseconds % 1_000_000 == 0 ? digits[..3] : nanoseconds % 1_000 == 0 ? digits[..6] : digits);
    }
}
