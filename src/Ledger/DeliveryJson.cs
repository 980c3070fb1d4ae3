using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Ledger;

/// <summary>A delivery as one JSON object: for <c>-o json</c>, exports and pages.</summary>
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
            ["remoteAddress"] = received.RemoteAddress,
            ["method"] = received.Method,
            ["path"] = received.Path,
            ["outcome"] = delivery.Outcome.ToString(),
            ["attempt"] = delivery.Attempt,
            ["headers"] = JsonSerializer.SerializeToNode(received.Headers, LedgerJson.Default.IReadOnlyListKeyValuePairStringString),
            ["triggers"] = JsonSerializer.SerializeToNode(delivery.Triggers, LedgerJson.Default.IReadOnlyListTriggerVerdict),
        };
        if (received.ReplayOf is not null)
        {
            json["replayOf"] = received.ReplayOf;
        }

        if (withBody)
        {
            json["body"] = Encoding.UTF8.GetString(received.Body.Span);
        }

        return json;
    }
}
