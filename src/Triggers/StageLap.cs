namespace Hikigane.Triggers;

/// <summary>Times stages one after the other: where one ends the next begins, so a stage costs one look at the clock. Without a clock it tells nothing.</summary>
internal struct StageLap(Func<DateTimeOffset>? now)
{
    /// <summary>When the last stage ended.</summary>
    public DateTimeOffset At { get; private set; } = now is null ? default : now();

    /// <summary>How long the stage took that ends here, in milliseconds. A clock that was set back counts as no time.</summary>
    public double? Next()
    {
        if (now is null)
        {
            return null;
        }

        var (before, at) = (At, now());
        At = at;
        return Math.Max(0, (at - before).Ticks / (double)TimeSpan.TicksPerMillisecond);
    }
}
