using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Unit.Ledger;

public sealed class LedgerLooksTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hikigane-looks-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_replay_that_another_process_left_is_found_after_looks_that_found_none()
    {
        var path = Path.Combine(folder, "ledger.db");
        await using var listening = SqliteLedger.OpenFile(path, TimeProvider.System);
        await using var commanding = SqliteLedger.OpenFile(path, TimeProvider.System);
        Assert.Empty(await listening.TakeReplaysAsync("ci", "lamp", Stop));
        Assert.Empty(await listening.TakeReplaysAsync("ci", "lamp", Stop));

        await commanding.ReplayAsync(Event("r1"), Stop);

        Assert.Empty(await listening.TakeReplaysAsync("ci", "other", Stop));
        Assert.Equal("r1", Assert.Single(await listening.TakeReplaysAsync("ci", "lamp", Stop)).EventId);
        Assert.Empty(await listening.TakeReplaysAsync("ci", "lamp", Stop));
        await listening.ReplayAsync(Event("r2"), Stop);
        Assert.Equal("r2", Assert.Single(await listening.TakeReplaysAsync("ci", "lamp", Stop)).EventId);
    }

    private static ReceivedEvent Event(string id) => new()
    {
        EventId = id,
        ListenerNamespace = "ci",
        ListenerName = "lamp",
        ListenerUid = "u",
        ReceivedAt = new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero),
        RemoteAddress = "127.0.0.1",
        Method = "POST",
        Path = "/",
        Headers = [],
        Body = "{}"u8.ToArray(),
    };
}
