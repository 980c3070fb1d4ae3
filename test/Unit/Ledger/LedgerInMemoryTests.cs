using Hikigane.Kit;
using Hikigane.Ledger;

namespace Hikigane.Unit.Ledger;

/// <summary>In memory there is no log beside the file: readers and the writer meet at the tables.</summary>
public sealed class LedgerInMemoryTests
{
    [Fact]
    public async Task No_write_is_refused_because_somebody_reads()
    {
        const int Events = 2_000;
        await using var ledger = SqliteLedger.InMemory(TimeProvider.System);
        using var written = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var reading = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!written.IsCancellationRequested)
            {
                ledger.Reader.Pending("default", "el");
            }
        })).ToList();

        for (var i = 0; i < Events; i++)
        {
            await ledger.AppendAsync(SomeEvent.Of($"00000000-0000-7000-8000-{i:D12}", DateTimeOffset.UnixEpoch), TestContext.Current.CancellationToken);
        }

        await written.CancelAsync();
        await Task.WhenAll(reading);
        Assert.Equal(Events, ledger.Reader.Pending("default", "el").Count);
    }
}
