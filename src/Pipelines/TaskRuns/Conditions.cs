using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>Conditions of a status that the caller owns. As knative.dev/pkg apis ConditionSet: sorted by type, the time changes only with the content.</summary>
public static class Conditions
{
    /// <summary>Sets <c>Succeeded</c>; any status but Unknown ends the run and sets the completion time by itself.</summary>
    public static void SetSucceeded(JsonObject status, string value, string reason, string message, DateTimeOffset now)
    {
        Set(status, "Succeeded", value, reason, message, now);
    }

    public static void Set(JsonObject status, string type, string value, string reason, string message, DateTimeOffset now)
    {
        var condition = new JsonObject { ["type"] = type, ["status"] = value, ["lastTransitionTime"] = Time(now) };
        if (reason.Length > 0)
        {
            condition["reason"] = reason;
        }

        if (message.Length > 0)
        {
            condition["message"] = message;
        }

        var present = status.Objects("conditions").ToList();
        var before = present.FirstOrDefault(one => one.Text("type") == type);
        if (before is not null && before.Text("status") == value && (before.Text("reason") ?? "") == reason && (before.Text("message") ?? "") == message)
        {
            return;
        }

        status["conditions"] = new JsonArray([.. present.Where(one => one.Text("type") != type).Select(one => one.Copy()).Append(condition)
            .OrderBy(one => one.Text("type"), StringComparer.Ordinal)]);
    }

    public static JsonObject? Succeeded(JsonObject? status) => status.Objects("conditions").FirstOrDefault(one => one.Text("type") == "Succeeded");

    /// <summary>Whether the run has ended, well or badly.</summary>
    public static bool IsDone(JsonObject? status) => Succeeded(status).Text("status") is "True" or "False";

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static DateTimeOffset? ReadTime(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
