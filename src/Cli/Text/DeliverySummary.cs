using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;

namespace Hikigane.Cli.Text;

/// <summary>What a delivery was about, as its sender would say it: <c>push acme/api refs/heads/main @1f3ac09</c>.</summary>
internal static class DeliverySummary
{
    private static readonly string[] EventHeaders = ["X-GitHub-Event", "X-Gitlab-Event", "X-Event-Key", "X-Gitea-Event", "Ce-Type"];

    public static string Event(ReceivedEvent received) =>
        EventHeaders.Select(name => Header(received, name)).FirstOrDefault(value => value is not null) ?? $"{received.Method} {received.Path}";

    /// <summary>Repository, ref and commit where the body names them; empty otherwise.</summary>
    public static string Subject(ReceivedEvent received)
    {
        var body = Body(received);
        var commit = body.Text("head_commit", "id") ?? body.Text("after") ?? body.Text("checkout_sha");
        string?[] parts =
        [
            body.Text("repository", "full_name") ?? body.Text("project", "path_with_namespace") ?? body.Text("repository", "url"),
            body.Text("ref"),
            commit is null ? null : "@" + (commit.Length > 12 ? commit[..7] : commit),
        ];
        return string.Join(' ', parts.Where(part => part is not null));
    }

    public static string? Header(ReceivedEvent received, string name) => received.Headers
        .Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value).FirstOrDefault();

    public static (string Mark, string Word) Outcome(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Fired => ("●", "FIRED"),
        DeliveryOutcome.Partial => ("◐", "PARTIAL"),
        DeliveryOutcome.NoMatch => ("○", "NO MATCH"),
        DeliveryOutcome.Rejected => ("▲", "REJECTED"),
        DeliveryOutcome.Error => ("✕", "ERROR"),
        DeliveryOutcome.NoTriggers => ("○", "NO TRIGGERS"),
        _ => ("…", "PENDING"),
    };

    public static string Outcome(TriggerOutcome outcome) => outcome switch
    {
        TriggerOutcome.Fired => "fired",
        TriggerOutcome.Filtered => "filtered",
        TriggerOutcome.Rejected => "rejected",
        TriggerOutcome.NotSelected => "not selected",
        _ => "error",
    };

    /// <summary>Exit code of <c>why</c> (spec/ux.md §3.8): 0 fired, 3 not matched, 4 rejected, 5 error, 6 nothing received.</summary>
    public static int ExitCode(DeliveryOutcome outcome) => outcome switch
    {
        DeliveryOutcome.Fired => 0,
        DeliveryOutcome.NoMatch or DeliveryOutcome.NoTriggers => 3,
        DeliveryOutcome.Rejected => 4,
        DeliveryOutcome.Partial or DeliveryOutcome.Error => 5,
        _ => 6,
    };

    private static JsonNode? Body(ReceivedEvent received)
    {
        try
        {
            return JsonNode.Parse(received.Body.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
