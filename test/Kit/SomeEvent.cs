using Hikigane.Resources.Deliveries;

namespace Hikigane.Kit;

/// <summary>An event for tests that care about few of its fields: <c>with</c> sets those.</summary>
public static class SomeEvent
{
    public static ReceivedEvent Of(string eventId, DateTimeOffset receivedAt) => new()
    {
        EventId = eventId,
        ListenerNamespace = "default",
        ListenerName = "el",
        ListenerUid = "u",
        ReceivedAt = receivedAt,
        RemoteAddress = "127.0.0.1",
        Method = "POST",
        Path = "/",
        Headers = [],
        Body = "{}"u8.ToArray(),
    };
}
