using System.Text.Json.Nodes;

namespace Hikigane.Kube;

/// <summary>A refusal of the API: the parts of its <c>Status</c> object.</summary>
public sealed class KubeException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    /// <summary>HTTP status code.</summary>
    public int Code { get; } = code;

    /// <summary>Machine-readable reason: <c>NotFound</c>, <c>AlreadyExists</c>, <c>Conflict</c>, <c>Invalid</c> …</summary>
    public string Reason { get; } = reason;

    /// <summary><c>details</c> of the Status, or null.</summary>
    public JsonObject? Details { get; } = details;

    public bool IsNotFound => Code == 404;

    public bool IsAlreadyExists => Code == 409 && Reason == "AlreadyExists";

    /// <summary>Somebody else wrote first: read again and decide again, now.</summary>
    public bool IsConflict => Code == 409 && Reason == "Conflict";

    public bool IsForbidden => Code == 403;

    /// <summary>The watch's revision is no longer kept: list again.</summary>
    public bool IsGone => Code == 410;

    /// <summary>Worth another try after a while: the server is slow, restarting or overloaded.</summary>
    public bool IsTransient => Code is 429 or >= 500;

    /// <summary>The <c>Status</c> object as the API writes it.</summary>
    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = Reason,
        };
        if (Details is not null)
        {
            status["details"] = Details.DeepClone();
        }

        status["code"] = Code;
        return status;
    }
}
