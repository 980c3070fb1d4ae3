using System.Net;
using Hikigane.Cli.Text;
using Hikigane.Kit;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Server.Listener;
using Hikigane.Triggers.Verdicts;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.Server.Listener;

/// <summary>What is not let in is on record, and costs no more than is set aside for it.</summary>
public sealed class RefusedRequestsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("allow-from", "192.0.2.0/24", 403, Causes.RequestAddress)]
    [InlineData("max-header-bytes", "256", 431, Causes.RequestHeaders)]
    [InlineData("bearer-token-secret", "gone/token", 503, Causes.ListenerInvalid)]
    [InlineData("allow-form", "x", 500, Causes.ListenerInvalid)]
    [InlineData("max-body-bytes", "5", 413, Causes.RequestTooLarge)]
    [InlineData("max-body-bytes", "1Mi", 400, Causes.RequestNotJson)]
    public async Task Each_refusal_is_on_record_under_the_id_that_its_answer_names(string annotation, string value, int status, string cause)
    {
        await using var rig = await ListenerRig.StartAsync(new() { [annotation] = value });

        using var answer = await rig.PostAsync("{\n  nope}", headers: [("X-Fill", new string('x', 300)), ("Authorization", "Bearer s3cret-value")]);

        Assert.Equal(status, (int)answer.StatusCode);
        var found = Assert.Single(rig.Ledger.Reader.List(new LedgerQuery()));
        Assert.Equal(found.Event.EventId, Assert.Single(answer.Headers.GetValues("X-Event-Id")));
        Assert.Equal((status, true), (found.Event.ResponseStatus, found.Event.IsRefused));
        Assert.Equal(status >= 500 ? DeliveryOutcome.Error : DeliveryOutcome.Rejected, found.Outcome);
        Assert.Equal(cause, Assert.Single(found.Triggers).Cause);
        Assert.Equal(status == 400, !found.Event.Body.IsEmpty);
        Assert.Equal(9, found.Event.BodyBytes);
        Assert.DoesNotContain(found.Event.Headers, header => header.Value.Contains("s3cret-value", StringComparison.Ordinal));
        Assert.Empty(rig.Ledger.Reader.Pending());
        using var why = new StringWriter();
        WhyText.Write(why, found);
        Assert.Contains($"listener: {(status >= 500 ? "error" : "rejected")} [{cause}]", why.ToString(), StringComparison.Ordinal);
        Assert.Contains($"answered with {status}", why.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_unknown_length_that_is_too_large_is_known_by_what_came_of_it()
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["max-body-bytes"] = "10" });

        await rig.SendRawAsync("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{\"a\":\"1234\"\r\n"u8.ToArray());

        var found = Assert.Single(rig.Ledger.Reader.List(new LedgerQuery()));
        Assert.Equal((11, 0, true), (found.Event.BodyBytes, found.Event.Body.Length, found.Event.IsTruncated));
        Assert.Contains("at least 11 bytes", Assert.Single(found.Triggers).Explain, StringComparison.Ordinal);
        Assert.Null(DeliveryJson.Of(found, withBody: false)["bodySha256"]);
    }

    [Fact]
    public async Task A_body_that_breaks_off_is_on_record()
    {
        await using var rig = await ListenerRig.StartAsync();

        await rig.SendRawAsync("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"u8.ToArray());

        await rig.StopAsync();
        Assert.Equal(Causes.RequestUnreadable, Assert.Single(Assert.Single(rig.Ledger.Reader.List(new LedgerQuery())).Triggers).Cause);
    }

    [Fact]
    public async Task A_flood_leaves_fifty_rows_and_one_a_second_and_the_next_one_tells_how_many_were_left_out()
    {
        var time = new FakeTimeProvider();
        await using var rig = await ListenerRig.StartAsync(new() { ["allow-from"] = "192.0.2.0/24" }, time: time);
        for (var n = 0; n < 60; n++)
        {
            using var answer = await rig.PostAsync();
            Assert.Equal((HttpStatusCode.Forbidden, n < 50), (answer.StatusCode, answer.Headers.Contains("X-Event-Id")));
        }

        time.Advance(TimeSpan.FromSeconds(1));
        using var last = await rig.PostAsync();

        var found = rig.Ledger.Reader.List(new LedgerQuery { Limit = 100 });
        Assert.Equal(51, found.Count);
        Assert.EndsWith("Before it, 10 requests were refused for the same cause that are not on record.", found[0].Triggers[0].Explain, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_what_was_refused_so_much_is_kept_as_shows_what_it_was()
    {
        await using var ledger = SqliteLedger.InMemory(TimeProvider.System);
        var received = SomeEvent.Of("e1", DateTimeOffset.UnixEpoch) with
        {
            Headers = [new("A", "1"), new("B", new string('x', 9000)), new("C", "1")],
            Body = new byte[100_000],
        };

        await new RefusedRequests(ledger, TimeProvider.System).RecordAsync(
            Causes.RequestNotJson, 400, () => received, request => RequestVerdict.NotJson(request, "no"), Stop);

        var found = ledger.Reader.Find("e1")!.Event;
        Assert.Equal((64 * 1024, 100_000, 64), (found.Body.Length, (int)found.BodyBytes, found.BodySha256.Length));
        Assert.Equal(["A"], found.Headers.Select(header => header.Key));
    }
}
