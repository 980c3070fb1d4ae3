using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Pods;

/// <summary>What is known of one container of a running pod. Guarded by its worker's lock.</summary>
internal sealed class ContainerRecord(JsonObject spec, bool isInit)
{
    public JsonObject Spec { get; set; } = spec;

    public string Name { get; } = spec.Text("name") ?? "";

    public bool IsInit { get; } = isInit;

    /// <summary>An init container that keeps running beside the others.</summary>
    public bool IsSidecar { get; } = isInit && spec.Text("restartPolicy") == "Always";

    public JsonObject State { get; private set; } = Waiting("ContainerCreating", null);

    public JsonObject LastState { get; set; } = [];

    public int RestartCount { get; set; }

    public bool IsReady { get; set; }

    public bool HasStarted { get; set; }

    public string ContainerId { get; set; } = "";

    public string ImageId { get; set; } = "";

    public bool IsRunning => State["running"] is not null;

    public bool IsTerminated => State["terminated"] is not null;

    public long? ExitCode => State.Integer("terminated", "exitCode");

    public void Wait(string reason, string? message)
    {
        if (IsTerminated)
        {
            LastState = State.Copy();
        }

        State = Waiting(reason, message);
        IsReady = false;
    }

    public void Run(DateTimeOffset now)
    {
        State = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Stamp(now) } };
    }

    public void Terminate(int exitCode, string reason, string? message, DateTimeOffset startedAt, DateTimeOffset finishedAt)
    {
        var terminated = new JsonObject { ["exitCode"] = exitCode, ["reason"] = reason };
        if (!string.IsNullOrEmpty(message))
        {
            terminated["message"] = message;
        }

        terminated["startedAt"] = Stamp(startedAt);
        terminated["finishedAt"] = Stamp(finishedAt);
        terminated["containerID"] = ContainerId;
        State = new JsonObject { ["terminated"] = terminated };
        IsReady = IsInit && exitCode == 0 && !IsSidecar;
        HasStarted = false;
    }

    /// <summary>Takes over what another life of this process wrote.</summary>
    public void Restore(JsonObject status)
    {
        State = status.Object("state")?.Copy() ?? State;
        LastState = status.Object("lastState")?.Copy() ?? [];
        RestartCount = (int)(status.Integer("restartCount") ?? 0);
        ContainerId = status.Text("containerID") ?? "";
        ImageId = status.Text("imageID") ?? "";
        IsReady = IsTerminated && status.Flag("ready");
    }

    public JsonObject ToStatus(int longestMessage)
    {
        var state = State.Copy();
        if (state.Text("terminated", "message") is { } message)
        {
            state["terminated"]!["message"] = TerminationMessage.Cut(message, longestMessage);
        }

        var status = new JsonObject
        {
            ["name"] = Name,
            ["state"] = state,
            ["lastState"] = LastState.DeepClone(),
            ["ready"] = IsReady,
            ["restartCount"] = RestartCount,
            ["image"] = Spec.Text("image") ?? "",
            ["imageID"] = ImageId,
        };
        if (ContainerId.Length > 0)
        {
            status["containerID"] = ContainerId;
        }

        status["started"] = HasStarted;
        return status;
    }

    public static string Stamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static JsonObject Waiting(string reason, string? message)
    {
        var waiting = new JsonObject { ["reason"] = reason };
        if (message is not null)
        {
            waiting["message"] = message;
        }

        return new JsonObject { ["waiting"] = waiting };
    }
}
