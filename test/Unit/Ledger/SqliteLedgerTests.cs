using System.Text;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Unit.Ledger;

public sealed class SqliteLedgerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hikigane-ledger-").FullName;

    private string File => Path.Combine(folder, "ledger.db");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task An_appended_event_is_pending_after_the_ledger_was_opened_again()
    {
        await using (var first = SqliteLedger.OpenFile(File, TimeProvider.System))
        {
            await first.AppendAsync(Event("a1"), CancellationToken.None);
        }

        await using var second = SqliteLedger.OpenFile(File, TimeProvider.System);
        var pending = Assert.Single(second.Reader.Pending());
        Assert.Equal("a1", pending.EventId);
        Assert.Equal("{\"n\":1}", Encoding.UTF8.GetString(pending.Body.Span));
        Assert.Equal(DeliveryOutcome.Pending, second.Reader.Find("a1")!.Outcome);
    }

    [Fact]
    public async Task A_decided_event_is_no_longer_pending_and_keeps_its_verdict()
    {
        await using var ledger = SqliteLedger.InMemory(TimeProvider.System);
        await ledger.AppendAsync(Event("a1"), CancellationToken.None);

        await ledger.DecideAsync(Decided(Event("a1")), CancellationToken.None);

        Assert.Empty(ledger.Reader.Pending());
        var verdict = Assert.Single(ledger.Reader.Find("a1")!.Triggers);
        Assert.Equal(("filter.false", TriggerOutcome.Filtered), (verdict.Cause, verdict.Outcome));
        Assert.Equal("body.ref == 'x'", verdict.Stages[0].Expressions[0].Source);
    }

    [Fact]
    public async Task A_credential_is_there_for_the_decision_and_gone_after_it()
    {
        await using var ledger = SqliteLedger.OpenFile(File, TimeProvider.System);
        await ledger.AppendAsync(Event("a1"), CancellationToken.None);
        Assert.Contains(ledger.Reader.Pending()[0].Headers, header => header.Value == "s3cret");
        Assert.DoesNotContain(ledger.Reader.Find("a1")!.Event.Headers, header => header.Value == "s3cret");

        await ledger.DecideAsync(Decided(Event("a1")), CancellationToken.None);

        Assert.DoesNotContain(ledger.Reader.Find("a1")!.Event.Headers, header => header.Value == "s3cret");
        Assert.StartsWith("‹redacted, 6 chars", ledger.Reader.Find("a1")!.Event.Headers[1].Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_is_found_by_a_prefix_that_fits_only_it()
    {
        await using var ledger = SqliteLedger.InMemory(TimeProvider.System);
        await ledger.AppendAsync(Event("abc1"), CancellationToken.None);
        await ledger.AppendAsync(Event("abd1"), CancellationToken.None);

        Assert.Equal("abc1", ledger.Reader.Find("abc")?.Event.EventId);
        Assert.Null(ledger.Reader.Find("ab"));
        Assert.Null(ledger.Reader.Find("x"));
    }

    [Fact]
    public async Task Many_callers_at_once_are_all_answered_and_all_on_disk()
    {
        await using var ledger = SqliteLedger.OpenFile(File, TimeProvider.System);

        await Task.WhenAll(Enumerable.Range(0, 2000).Select(n => ledger.AppendAsync(Event($"e{n:d4}"), CancellationToken.None)));

        Assert.Equal(2000, ledger.Reader.Pending().Count);
    }

    [Fact]
    public async Task A_write_that_fails_takes_no_neighbour_with_it()
    {
        await using var ledger = SqliteLedger.InMemory(TimeProvider.System);
        await ledger.AppendAsync(Event("e1"), CancellationToken.None);

        var again = ledger.AppendAsync(Event("e1"), CancellationToken.None);
        var other = ledger.AppendAsync(Event("e2"), CancellationToken.None);

        await Assert.ThrowsAsync<LedgerException>(() => again);
        await other;
        Assert.Equal(2, ledger.Reader.Pending().Count);
    }

    [Fact]
    public async Task A_list_is_newest_first_and_filtered()
    {
        await using var ledger = SqliteLedger.InMemory(TimeProvider.System);
        await ledger.AppendAsync(Event("e1"), CancellationToken.None);
        await ledger.AppendAsync(Event("e2"), CancellationToken.None);
        await ledger.DecideAsync(Decided(Event("e1")), CancellationToken.None);

        Assert.Equal(["e2", "e1"], ledger.Reader.List(new LedgerQuery()).Select(one => one.Event.EventId));
        Assert.Equal(["e1"], ledger.Reader.List(new LedgerQuery { Outcome = DeliveryOutcome.NoMatch }).Select(one => one.Event.EventId));
        Assert.Empty(ledger.Reader.List(new LedgerQuery { Listener = "other" }));
    }

    private static ReceivedEvent Event(string id) => new()
    {
        EventId = id,
        ListenerNamespace = "ci",
        ListenerName = "lamp",
        ListenerUid = "u",
        ReceivedAt = DateTimeOffset.UnixEpoch,
        Method = "POST",
        Path = "/",
        Headers = [new("Content-Type", "application/json"), new("X-Gitlab-Token", "s3cret")],
        Body = Encoding.UTF8.GetBytes("{\"n\":1}"),
    };

    private static Delivery Decided(ReceivedEvent received) => new()
    {
        Event = received,
        Outcome = DeliveryOutcome.NoMatch,
        DecidedAt = DateTimeOffset.UnixEpoch,
        Triggers =
        [
            new TriggerVerdict
            {
                Namespace = "ci",
                Name = "push",
                Outcome = TriggerOutcome.Filtered,
                Cause = "filter.false",
                Stages = [new StageVerdict { Kind = "interceptor", Name = "cel", Result = StageResult.Stop, Expressions = [new("body.ref == 'x'", "false")] }],
            },
        ],
    };
}
