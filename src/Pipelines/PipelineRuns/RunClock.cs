using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>The time-outs of a run against the clock. Zero means none.</summary>
public sealed record RunClock(DateTimeOffset Now, DateTimeOffset? Start, DateTimeOffset? FinallyStart, TimeSpan Pipeline, TimeSpan? Tasks, TimeSpan? Finally)
{
    public static RunClock Of(JsonObject run, JsonObject status, DateTimeOffset now)
    {
        var pipeline = GoDuration.Parse(run.Text("spec", "timeouts", "pipeline")) ?? TimeSpan.FromHours(1);
        var tasks = GoDuration.Parse(run.Text("spec", "timeouts", "tasks"));
        var final = GoDuration.Parse(run.Text("spec", "timeouts", "finally"));
        return new RunClock(
            now,
            Time(status.Text("startTime")),
            Time(status.Text("finallyStartTime")),
            pipeline,
            tasks ?? (final is { } f && pipeline > TimeSpan.Zero ? pipeline - f : null),
            final ?? (tasks is { } t && pipeline > TimeSpan.Zero ? pipeline - t : null));
    }

    public bool HasTimedOut => HasPassed(Start, Pipeline);

    public bool HaveTasksTimedOut => Tasks is { } limit && HasPassed(Start, limit);

    public bool HasFinallyTimedOut => Finally is { } limit && HasPassed(FinallyStart, limit);

    /// <summary>The next moment at which a limit is reached.</summary>
    public DateTimeOffset? WakeAt
    {
        get
        {
            IEnumerable<DateTimeOffset?> limits =
                [At(Start, Pipeline), FinallyStart is null && Tasks is { } tasks ? At(Start, tasks) : null, Finally is { } final ? At(FinallyStart, final) : null];
            return limits.Where(limit => limit > Now).Order().FirstOrDefault();
        }
    }

    public static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);

    private static DateTimeOffset? At(DateTimeOffset? start, TimeSpan limit) => limit > TimeSpan.Zero ? start + limit : null;

    private bool HasPassed(DateTimeOffset? start, TimeSpan limit) => At(start, limit) is { } end && Now >= end;
}
