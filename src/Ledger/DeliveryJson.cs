using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Ledger;

/// <summary>A delivery as one JSON object, the record of spec/ux.md §3.3: for <c>-o json</c>, exports and pages.</summary>
public static class DeliveryJson
{
    public static JsonObject Of(Delivery delivery, bool withBody)
    {
        var received = delivery.Event;
        var json = new JsonObject
        {
            ["eventID"] = received.EventId,
            ["listener"] = new JsonObject
            {
                ["namespace"] = received.ListenerNamespace,
                ["name"] = received.ListenerName,
                ["uid"] = received.ListenerUid,
            },
            ["receivedAt"] = received.ReceivedAt.ToString("O"),
            ["decidedAt"] = delivery.DecidedAt?.ToString("O"),
            ["durationMs"] = delivery.DecidedAt is { } at ? (at - received.ReceivedAt).TotalMilliseconds : null,
            ["remoteAddress"] = received.RemoteAddress,
            ["forwardedFor"] = EventFacts.Header(received, "X-Forwarded-For"),
            ["mode"] = received.Mode.ToString().ToLowerInvariant(),
            ["method"] = received.Method,
            ["path"] = received.Path,
            ["httpVersion"] = received.HttpVersion,
            ["facts"] = EventFacts.Of(received).ToObject(),
            ["response"] = new JsonObject { ["status"] = received.ResponseStatus },
            ["outcome"] = delivery.Outcome.ToString(),
            ["attempt"] = delivery.DeliveryAttempt > 0 ? delivery.DeliveryAttempt : null,
            ["tries"] = delivery.Attempt,
            ["headers"] = JsonSerializer.SerializeToNode(received.Headers, LedgerJson.Default.IReadOnlyListKeyValuePairStringString),
            ["bodyBytes"] = received.BodyBytes,
            ["bodySha256"] = received.BodySha256.Length > 0 ? received.BodySha256
                : received.IsTruncated ? null
                : Convert.ToHexStringLower(SHA256.HashData(received.Body.Span)),
            ["truncated"] = received.IsTruncated,
            ["triggers"] = new JsonArray([.. delivery.Triggers.Select(Of)]),
        };
        if (received.ReplayOf is not null)
        {
            json["replayOf"] = received.ReplayOf;
            json["requestedBy"] = received.RequestedBy;
            json["reason"] = received.Reason;
        }

        if (delivery.DeadLetter is { } letter)
        {
            json["deadLetter"] = new JsonObject
            {
                ["at"] = letter.At.ToString("O"),
                ["reason"] = letter.Reason,
                ["settledAt"] = letter.SettledAt?.ToString("O"),
                ["settledBy"] = letter.SettledBy,
                ["settlement"] = letter.Settlement,
            };
        }

        if (withBody)
        {
            json["body"] = Encoding.UTF8.GetString(received.Body.Span);
        }

        return json;
    }

    public static JsonNode Of(DecisionRecord decision) => new JsonObject
    {
        ["eventID"] = decision.EventId,
        ["kind"] = decision.Kind,
        ["at"] = decision.At?.ToString("O"),
        ["by"] = decision.By,
        ["why"] = decision.Why,
        ["attempt"] = decision.Attempt,
        ["outcome"] = decision.Outcome.ToString(),
    };

    public static JsonNode Of(TriggerVerdict verdict) =>
        JsonSerializer.SerializeToNode(verdict with { Stages = StagesOf(verdict) }, LedgerJson.Default.TriggerVerdict)!;

    /// <summary>With the time when each began: where the one before it ended, unless it says so itself. The selector's is the time of all triggers.</summary>
    private static IReadOnlyList<StageVerdict> StagesOf(TriggerVerdict verdict)
    {
        var at = verdict.StartedAt;
        return [.. verdict.Stages.Select(stage =>
        {
            var began = stage.StartedAt ?? at;
            if (stage.Kind == "selector" || stage.DurationMs is not { } took || began is null)
            {
                return stage;
            }

            at = began.Value.AddMilliseconds(took);
            return stage with { StartedAt = began };
        })];
    }
}
