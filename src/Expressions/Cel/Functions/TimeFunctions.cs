using System.Globalization;
using Hikigane.Expressions.Cel.Checking;
using Hikigane.Expressions.Cel.Go;
using Hikigane.Expressions.Cel.Values;

namespace Hikigane.Expressions.Cel.Functions;

/// <summary>Parts of times and durations, in the time's own offset or in a named zone.</summary>
internal static class TimeFunctions
{
    public static IReadOnlyList<CelFunction> All { get; } =
    [
        Part("getFullYear", (time, _) => time.Year),
        Part("getMonth", (time, _) => time.Month - 1),
        Part("getDayOfYear", (time, _) => time.DayOfYear - 1),
        Part("getDayOfMonth", (time, _) => time.Day - 1),
        Part("getDate", (time, _) => time.Day),
        Part("getDayOfWeek", (time, _) => (int)time.DayOfWeek),
        Part("getHours", (time, _) => time.Hour, 3_600_000_000_000),
        Part("getMinutes", (time, _) => time.Minute, 60_000_000_000),
        Part("getSeconds", (time, _) => time.Second, 1_000_000_000),
        Part("getMilliseconds", (_, nanoseconds) => nanoseconds / 1_000_000, 1_000_000),
    ];

    private static CelFunction Part(string name, Func<DateTime, int, long> part, long unit = 0)
    {
        var function = new CelFunction(name)
            .With("timestamp.() int", (_, it) => Read((TimestampValue)it[0], part))
            .With("timestamp.(string) int", (_, it) => InZone((TimestampValue)it[0], ((StringValue)it[1]).Value, part));
        return unit == 0 ? function : function.With("duration.() int", (_, it) => IntValue.Of(((DurationValue)it[0]).Nanoseconds / unit));
    }

    private static IntValue Read(TimestampValue time, Func<DateTime, int, long> part) => IntValue.Of(part(GoTime.Local(time), time.Nanoseconds));

    private static CelValue InZone(TimestampValue time, string zone, Func<DateTime, int, long> part)
    {
        int offset;
        if (zone is "" or "UTC" or "GMT")
        {
            offset = 0;
        }
        else if (zone.IndexOf(':') is var colon && colon > 0)
        {
            if (!int.TryParse(zone.AsSpan(0, colon), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var hours)
                || !int.TryParse(zone.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var minutes))
            {
                return new ErrorValue($"strconv.Atoi: parsing {GoText.Quote(zone)}: invalid syntax");
            }

            offset = (hours * 3600) + (zone[0] == '-' ? -minutes * 60 : minutes * 60);
        }
        else if (TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) && found.HasIanaId)
        {
            offset = (int)found.GetUtcOffset(GoTime.Local(new TimestampValue(time.Seconds, 0))).TotalSeconds;
        }
        else
        {
            return new ErrorValue($"unknown time zone {zone}");
        }

        return Read(new TimestampValue(time.Seconds, time.Nanoseconds, offset), part);
    }
}
