using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Integration;

/// <summary>What every ledger does, whatever holds it. Time is an argument, so nothing waits.</summary>
public abstract class LedgerSuite : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private ILedger ledger = null!;

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Opens the same ledger, with what was written before.</summary>
    protected abstract Task<ILedger> OpenAsync(LedgerOptions options);

    public virtual async ValueTask InitializeAsync() => ledger = await OpenAsync(LedgerOptions.Default);

    public virtual async ValueTask DisposeAsync()
    {
        if (ledger is not null)
        {
            await ledger.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_appended_event_is_pending_after_the_ledger_was_opened_again()
    {
        await ledger.AppendAsync(Event("a1") with { HttpVersion = "HTTP/1.1" }, Stop);

        await ReopenAsync(LedgerOptions.Default);

        var pending = Assert.Single(ledger.Reader.Pending("ci", "lamp"));
        Assert.Equal(("a1", "HTTP/1.1", Start), (pending.EventId, pending.HttpVersion, pending.ReceivedAt));
        Assert.Equal("{\"n\":1}", Encoding.UTF8.GetString(pending.Body.Span));
        Assert.Equal(DeliveryOutcome.Pending, ledger.Reader.Find("a1")!.Outcome);
        Assert.Empty(ledger.Reader.Pending("ci", "other"));
    }

    [Fact]
    public async Task A_decided_event_is_no_longer_pending_and_keeps_its_verdict()
    {
        await AddAsync(Event("a1"));

        Assert.Empty(ledger.Reader.Pending());
        var verdict = Assert.Single(ledger.Reader.Find("a1")!.Triggers);
        Assert.Equal(("filter.false", TriggerOutcome.Filtered), (verdict.Cause, verdict.Outcome));
        Assert.Equal("body.ref == 'x'", verdict.Stages[0].Expressions[0].Source);
    }

    [Fact]
    public async Task A_credential_is_there_for_the_decision_and_nowhere_after_it()
    {
        var received = Event("a1") with { Path = "/hook?a=1&token=t0ps3cret" };
        await ledger.AppendAsync(received, Stop);
        var pending = Assert.Single(ledger.Reader.Pending());
        Assert.Contains(pending.Headers, header => header.Value == "s3cret-value");
        Assert.Equal(received.Path, pending.Path);
        Assert.DoesNotContain(ledger.Reader.Find("a1")!.Event.Headers, header => header.Value == "s3cret-value");

        await ledger.DecideAsync(Decided(received) with
        {
            Triggers = [new TriggerVerdict { Namespace = "ci", Name = "t", Outcome = TriggerOutcome.Fired, Params = [new("p", "s3cret-value")] }],
        }, Stop);

        Assert.Equal("/hook?a=1&token=‹redacted, 9 chars, sha256 " + ledger.Reader.Find("a1")!.Event.Path[^6..], ledger.Reader.Find("a1")!.Event.Path);
        Assert.StartsWith("‹redacted, 12 chars", ledger.Reader.Find("a1")!.Event.Headers[1].Value, StringComparison.Ordinal);
        Assert.StartsWith("‹redacted, 12 chars", ledger.Reader.Find("a1")!.Triggers[0].Params[0].Value, StringComparison.Ordinal);
        Assert.Empty(ledger.Reader.Read("SELECT 1 FROM sensitive WHERE 1 = 1", [], "", _ => 1));
    }

    [Fact]
    public async Task Of_a_long_body_the_beginning_is_kept_and_configured_fields_go()
    {
        await ReopenAsync(new LedgerOptions { LargestBody = 64, RedactedFields = ["body.user.email", "$.commits[*].by"] });
        var secret = Event("a1") with { Body = """{"user":{"email":"a@example.com"},"commits":[{"by":"bob@x"}]}"""u8.ToArray() };
        var large = Event("a2") with { Body = Encoding.UTF8.GetBytes($"{{\"x\":\"{new string('x', 200)}\"}}") };

        await AddAsync(secret);
        await AddAsync(large);

        var kept = Encoding.UTF8.GetString(ledger.Reader.Find("a1")!.Event.Body.Span);
        Assert.DoesNotContain("example.com", kept, StringComparison.Ordinal);
        Assert.DoesNotContain("bob", kept, StringComparison.Ordinal);
        var truncated = ledger.Reader.Find("a2")!.Event;
        Assert.Equal((64, large.Body.Length, true), (truncated.Body.Length, (int)truncated.BodyBytes, truncated.IsTruncated));
        Assert.Equal(64, truncated.BodySha256.Length);
    }

    [Fact]
    public async Task What_the_redaction_list_names_shows_up_in_no_stage_and_in_no_param()
    {
        string[] secrets = ["kiyo", "t0ps3cret-pin", "added@example.com", "ghs_installation", "inner-value", "hdr-s3cret-1", "4711"];
        await ReopenAsync(new LedgerOptions { RedactedFields = ["body.user.name", "$.user.pin", "body.mail", "body.deep.*.x", "extensions.private", "body.gone"], RedactedHeaders = ["X-Private"] });
        var received = Event("a1") with { Body = """{"user":{"name":"kiyo","pin":"t0ps3cret-pin"},"gone":{"number":4711}}"""u8.ToArray() };
        await ledger.AppendAsync(received, Stop);
        await ledger.DecideAsync(
            Decided(received) with
            {
                Triggers =
                [
                    new TriggerVerdict
                    {
                        Namespace = "ci",
                        Name = "t",
                        Outcome = TriggerOutcome.Fired,
                        Message = "ghs_installation is no good, and so is t0ps3cret-pin",
                        Params = [new("short", "kiyo"), new("made", "to added@example.com"), new("token", "ghs_installation"), new("n", "4711"), new("plain", "kept")],
                        Stages =
                        [
                            new StageVerdict
                            {
                                Kind = "interceptor",
                                Result = StageResult.Pass,
                                Expressions = [new("body.user.name", "\"kiyo\""), new("body.ref", "\"kept\"")],
                                Change = new StageChange
                                {
                                    Extensions = (JsonObject)JsonNode.Parse(
                                        """{"who":"kiyo","all":{"user":{"name":"kiyo","pin":"t0ps3cret-pin"}},"githubToken":"ghs_installation","private":{"a":"inner-value"},"plain":"kept"}""")!,
                                    Body = (JsonArray)JsonNode.Parse(
                                        """
                                        [{"op":"add","path":"/mail","value":"added@example.com"},{"op":"add","path":"/deep","value":{"one":{"x":"inner-value","y":"kept"}}},
                                         {"op":"replace","path":"/user/pin","value":"t0ps3cret-pin"},{"op":"add","path":"/user/name/first","value":"kiyo"},{"op":"remove","path":"/gone"}]
                                        """)!,
                                    Headers = (JsonArray)JsonNode.Parse(
                                        """[{"op":"add","path":"/X-Private","value":"hdr-s3cret-1"},{"op":"add","path":"/Set-Cookie","value":"ok"},{"op":"add","path":"/X-Api-Token","value":"hdr-s3cret-1"}]""")!,
                                    In = new StageDigests { Extensions = "aa", Body = "bb" },
                                    Out = new StageDigests { Extensions = "cc", Body = "dd" },
                                },
                            },
                        ],
                    },
                ],
            }, Stop);

        var found = ledger.Reader.Find("a1")!;
        var json = DeliveryJson.Of(found, withBody: true).ToJsonString();
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, json, StringComparison.Ordinal));
        var change = found.Triggers[0].Stages[0].Change!;
        Assert.Equal(("kept", "kept", "kept"), (found.Triggers[0].Params[4].Value, (string?)change.Extensions!["plain"], (string?)change.Body![1]!["value"]!["one"]!["y"]));
        Assert.Equal((null, "dd"), (change.Out!.Extensions, change.Out.Body));
        Assert.Equal("ok", (string?)change.Headers![1]!["value"]);
    }

    [Fact]
    public async Task An_event_is_found_by_a_prefix_that_fits_only_it_and_by_what_it_created()
    {
        await ledger.AppendAsync(Event("abc1"), Stop);
        await ledger.AppendAsync(Event("abd1"), Stop);
        await ledger.DecideAsync(Decided(Event("abd1")) with
        {
            Triggers = [new TriggerVerdict { Namespace = "ci", Name = "t", Outcome = TriggerOutcome.Fired, Created = [new("v1", "ConfigMap", "ci", "made", "u")] }],
        }, Stop);

        Assert.Equal("abc1", ledger.Reader.Find("abc")?.Event.EventId);
        Assert.Null(ledger.Reader.Find("ab"));
        Assert.Null(ledger.Reader.Find("x"));
        Assert.Equal("abd1", ledger.Reader.FindByCreated("made")?.Event.EventId);
        Assert.Null(ledger.Reader.FindByCreated("mad"));
    }

    [Fact]
    public async Task Many_callers_at_once_are_all_answered_and_all_on_disk()
    {
        await Task.WhenAll(Enumerable.Range(0, 500).Select(n => ledger.AppendAsync(Event($"e{n:d4}"), Stop)));

        Assert.Equal(500, ledger.Reader.Pending().Count);
    }

    [Fact]
    public async Task A_write_that_fails_takes_no_neighbour_with_it()
    {
        await ledger.AppendAsync(Event("e1"), Stop);

        var again = ledger.AppendAsync(Event("e1"), Stop);
        var other = ledger.AppendAsync(Event("e2"), Stop);

        await Assert.ThrowsAsync<LedgerException>(() => again);
        await other;
        Assert.Equal(2, ledger.Reader.Pending().Count);
    }

    [Fact]
    public async Task A_list_is_newest_first_and_filtered_and_comes_in_pages()
    {
        await ledger.AppendAsync(Event("e1"), Stop);
        await ledger.AppendAsync(Event("e2") with { ReceivedAt = Start.AddMinutes(1) }, Stop);
        await ledger.DecideAsync(Decided(Event("e1")), Stop);

        Assert.Equal(["e2", "e1"], Ids(new LedgerQuery()));
        Assert.Equal(["e1"], Ids(new LedgerQuery { Outcome = DeliveryOutcome.NoMatch }));
        Assert.Equal(["e2"], Ids(new LedgerQuery { Outcome = DeliveryOutcome.Pending }));
        Assert.Equal(["e2"], Ids(new LedgerQuery { Since = Start.AddSeconds(1) }));
        Assert.Equal(["e1"], Ids(new LedgerQuery { Until = Start.AddSeconds(1) }));
        Assert.Equal(["e1"], Ids(new LedgerQuery { Before = "e2" }));
        Assert.Equal(["e1"], Ids(new LedgerQuery { Where = one => one.Event.EventId == "e1", Limit = 1 }));
        Assert.Empty(Ids(new LedgerQuery { Listener = "other" }));
        Assert.Empty(Ids(new LedgerQuery { Namespace = "other" }));
    }

    [Fact]
    public async Task A_sender_s_delivery_id_belongs_to_the_first_event_that_claims_it_in_each_listener()
    {
        var claim = new DeliveryClaim
        {
            ListenerNamespace = "ci",
            ListenerName = "lamp",
            Provider = "github",
            DeliveryId = "72d3",
            EventId = "e1",
            At = Start,
        };

        var holders = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => ledger.ClaimAsync(claim with { EventId = $"e{n}" }, Stop)));
        var holder = Assert.Single(holders.Distinct());
        Assert.Equal(holder, await ledger.ClaimAsync(claim with { EventId = holder }, Stop));
        Assert.Equal("other", await ledger.ClaimAsync(claim with { ListenerName = "second", EventId = "other" }, Stop));
        Assert.Equal("lab", await ledger.ClaimAsync(claim with { Provider = "gitlab", EventId = "lab" }, Stop));
    }

    [Fact]
    public async Task An_undecided_event_is_leased_to_one_holder_until_its_lease_ends()
    {
        await ledger.AppendAsync(Event("e1"), Stop);
        await ledger.AppendAsync(Event("e2"), Stop);

        var got = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => ledger.LeaseAsync(["e2", "e1"], $"h{n}", Start, Start.AddSeconds(60), Stop)));

        var holder = got.Index().Single(one => one.Item.Contains("e1")).Index;
        Assert.Single(got, one => one.Contains("e2"));
        Assert.Equal(["e1"], await LeaseAsync($"h{holder}", 59));
        Assert.Empty(await LeaseAsync("other", 118));
        Assert.Equal(["e1"], await LeaseAsync("other", 119));
        Assert.Empty(await LeaseAsync($"h{holder}", 120));

        Task<IReadOnlyList<string>> LeaseAsync(string by, int at) => ledger.LeaseAsync(["e1"], by, Start.AddSeconds(at), Start.AddSeconds(at + 60), Stop);
    }

    [Fact]
    public async Task What_is_decided_or_not_there_is_not_leased()
    {
        await AddAsync(Event("e1"));

        Assert.Empty(await ledger.LeaseAsync(["e1", "e2"], "h", Start, Start.AddSeconds(60), Stop));
    }

    [Fact]
    public async Task Leases_that_ended_are_pruned()
    {
        await ledger.AppendAsync(Event("e1"), Stop);
        await ledger.LeaseAsync(["e1"], "h", Start, Start.AddSeconds(60), Stop);

        await ledger.PruneAsync(Start.AddSeconds(59), Stop);
        Assert.Single(ledger.Reader.Read("SELECT 1 FROM leases WHERE 1 = 1", [], "", _ => 1));
        await ledger.PruneAsync(Start.AddSeconds(60), Stop);
        Assert.Empty(ledger.Reader.Read("SELECT 1 FROM leases WHERE 1 = 1", [], "", _ => 1));
    }

    [Fact]
    public async Task How_often_a_delivery_came_is_counted_within_its_listener_and_a_replay_is_none()
    {
        await AddAsync(Sent("a1", "72d3"));
        await AddAsync(Sent("b1", "72d3") with { ListenerName = "second" });
        await AddAsync(Sent("a2", "72d3"));
        await AddAsync(Sent("r1", "72d3") with { ReplayOf = "a1", Mode = DeliveryMode.Replay });
        await ledger.RecordAsync(Decided(Sent("a3", "72d3") with { ResponseStatus = 413 }), Stop);
        await AddAsync(Sent("c1", "9999"));
        await AddAsync(Event("d1"));
        await AddAsync(Sent("long", new string('x', 300)));

        await ReopenAsync(LedgerOptions.Default);

        Assert.Equal(
            [("long", 0), ("d1", 0), ("c1", 1), ("a3", 3), ("r1", 0), ("a2", 2), ("b1", 1), ("a1", 1)],
            ledger.Reader.List(new LedgerQuery()).Select(one => (one.Event.EventId, one.DeliveryAttempt)));
        Assert.Equal(3, ledger.Reader.Find("a3")!.DeliveryAttempt);
        Assert.Equal((2, 1), ((int?)DeliveryJson.Of(ledger.Reader.Find("a2")!, withBody: false)["attempt"], (int?)DeliveryJson.Of(ledger.Reader.Find("a2")!, withBody: false)["tries"]));

        static ReceivedEvent Sent(string id, string delivery) =>
            Event(id) with { Headers = [new("X-GitHub-Event", "push"), new("X-GitHub-Delivery", delivery)] };
    }

    [Fact]
    public async Task What_an_event_is_about_is_kept_without_the_redacted_fields()
    {
        await ReopenAsync(new LedgerOptions { RedactedFields = ["body.sender.login"] });
        await AddAsync(Event("a1") with { Body = """{"sender":{"login":"aiko"},"ref":"main"}"""u8.ToArray() });

        Assert.DoesNotContain("\"aiko\"", Assert.Single(ledger.Reader.Read("SELECT facts FROM verdicts WHERE 1 = 1", [], "", row => row.GetString(0))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_postponed_event_is_still_pending_and_says_when_it_is_tried_again_and_why()
    {
        await ledger.AppendAsync(Event("e1"), Stop);
        await ledger.PostponeAsync(Failed(1), Stop);
        await ledger.PostponeAsync(Failed(2), Stop);

        await ReopenAsync(LedgerOptions.Default);

        Assert.Equal("e1", Assert.Single(ledger.Reader.Pending()).EventId);
        Assert.Equal(Failed(2), Assert.Single(ledger.Reader.Postponed("ci", "lamp")));
        Assert.Equal([Failed(1), Failed(2)], ledger.Reader.Attempts("e1"));
        await ledger.DecideAsync(Decided(Event("e1")) with { Attempt = 3 }, Stop);
        Assert.Empty(ledger.Reader.Postponed());
        Assert.Equal(["retry", "retry", "original"], ledger.Reader.History("e1").Select(decision => decision.Kind));

        static FailedAttempt Failed(int attempt) => new()
        {
            EventId = "e1",
            Attempt = attempt,
            At = Start,
            NotBefore = Start.AddSeconds(attempt),
            Message = "etcdserver: request timed out",
        };
    }

    [Fact]
    public async Task A_dead_letter_has_a_verdict_and_waits_until_somebody_settles_it()
    {
        await ledger.AppendAsync(Event("e1"), Stop);
        await AddAsync(Event("e2"));
        await ledger.DeadLetterAsync(Decided(Event("e1")) with { Outcome = DeliveryOutcome.Error }, "gave up after 8 attempts", Stop);

        Assert.Empty(ledger.Reader.Pending());
        Assert.Equal(["e1"], Ids(new LedgerQuery { IsDeadLetter = true }));
        Assert.Equal("gave up after 8 attempts", ledger.Reader.Find("e1")!.DeadLetter!.Reason);
        Assert.True(await ledger.SettleAsync("e1", "aiko", "dropped", Start.AddHours(1), Stop));
        Assert.False(await ledger.SettleAsync("e1", "ken", "dropped", Start.AddHours(2), Stop));
        Assert.False(await ledger.SettleAsync("e2", "ken", "dropped", Start, Stop));
        Assert.Empty(Ids(new LedgerQuery { IsDeadLetter = true }));
        Assert.Equal(("aiko", "dropped"), (ledger.Reader.Find("e1")!.DeadLetter!.SettledBy, ledger.Reader.Find("e1")!.DeadLetter!.Settlement));
    }

    [Fact]
    public async Task A_replay_is_given_to_one_taker_and_stays_pending_until_it_is_decided()
    {
        await AddAsync(Event("e1"));
        var replay = Event("r1") with { ReplayOf = "e1", Mode = DeliveryMode.Replay, RequestedBy = "aiko", Reason = "the filter was wrong" };
        await ledger.ReplayAsync(replay, Stop);

        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ledger.TakeReplaysAsync("ci", "lamp", Stop)));

        var one = Assert.Single(taken.SelectMany(events => events));
        Assert.Equal(("r1", "e1", "aiko", DeliveryMode.Replay), (one.EventId, one.ReplayOf, one.RequestedBy, one.Mode));
        Assert.Contains(one.Headers, header => header.Value == "s3cret-value");
        Assert.Equal("r1", Assert.Single(ledger.Reader.Pending()).EventId);
        await ledger.DecideAsync(Decided(replay) with { Outcome = DeliveryOutcome.Fired }, Stop);
        Assert.Equal(
            [("original", "", DeliveryOutcome.NoMatch), ("replay", "aiko", DeliveryOutcome.Fired)],
            ledger.Reader.History("e1").Select(decision => (decision.Kind, decision.By, decision.Outcome)));
    }

    [Fact]
    public async Task Deciding_again_replaces_the_verdict_and_keeps_the_earlier_one_in_the_history()
    {
        await AddAsync(Event("e1"));
        await ledger.DecideAsync(Decided(Event("e1")) with { Outcome = DeliveryOutcome.Fired }, Stop);

        Assert.Equal(DeliveryOutcome.Fired, ledger.Reader.Find("e1")!.Outcome);
        Assert.Equal(
            [("original", DeliveryOutcome.NoMatch), ("again", DeliveryOutcome.Fired)],
            ledger.Reader.History("e1").Select(decision => (decision.Kind, decision.Outcome)));
    }

    [Fact]
    public async Task What_was_refused_at_the_door_is_recorded_with_its_answer()
    {
        await ledger.RecordAsync(Decided(Event("e1") with { ResponseStatus = 400 }) with { Outcome = DeliveryOutcome.Rejected }, Stop);

        var found = ledger.Reader.Find("e1")!;
        Assert.Equal((400, DeliveryOutcome.Rejected), (found.Event.ResponseStatus, found.Outcome));
        Assert.Empty(ledger.Reader.Pending());
    }

    [Fact]
    public async Task Retention_keeps_the_newest_of_each_listener_and_whatever_is_not_finished()
    {
        await ReopenAsync(new LedgerOptions { Retention = new Retention { Deliveries = 2 } });
        await ledger.AppendAsync(Event("pending"), Stop);
        await ledger.AppendAsync(Event("dead"), Stop);
        await ledger.DeadLetterAsync(Decided(Event("dead")), "gave up", Stop);
        foreach (var id in new[] { "a1", "a2", "a3", "a4" })
        {
            await AddAsync(Event(id));
        }

        await AddAsync(Event("b1") with { ListenerName = "second" });

        Assert.Equal(2, await ledger.PruneAsync(Start, Stop));
        Assert.Equal(["b1", "a4", "a3", "dead", "pending"], Ids(new LedgerQuery()));
        Assert.Equal(0, await ledger.PruneAsync(Start, Stop));
    }

    [Fact]
    public async Task What_was_refused_has_a_tenth_of_the_room_and_drives_nothing_else_out()
    {
        await ReopenAsync(new LedgerOptions { Retention = new Retention { Deliveries = 20 } });
        await AddAsync(Event("kept"));
        for (var n = 0; n < 30; n++)
        {
            await ledger.RecordAsync(Decided(Event($"no{n:d2}") with { ResponseStatus = 401 }), Stop);
        }

        Assert.Equal(28, await ledger.PruneAsync(Start, Stop));
        Assert.Equal(["no29", "no28", "kept"], Ids(new LedgerQuery()));
    }

    [Fact]
    public async Task A_body_that_cannot_be_read_cannot_be_redacted_so_nothing_of_it_is_kept()
    {
        await ReopenAsync(new LedgerOptions { RedactedFields = ["body.user.email"] });
        var broken = Event("a1") with { Body = """{"user":{"email":"aiko@example.com"}"""u8.ToArray(), ResponseStatus = 400 };
        await ledger.RecordAsync(Decided(broken), Stop);

        var found = ledger.Reader.Find("a1")!.Event;
        Assert.Equal((0, broken.Body.Length, true), (found.Body.Length, (int)found.BodyBytes, found.IsTruncated));
        Assert.Equal(64, found.BodySha256.Length);
    }

    [Fact]
    public async Task Retention_by_age_and_by_size_and_none_at_all()
    {
        var claim = new DeliveryClaim { ListenerNamespace = "ci", ListenerName = "lamp", Provider = "github", DeliveryId = "1", EventId = "old", At = Start };
        await ledger.ClaimAsync(claim, Stop);
        await AddAsync(Event("old"));
        await AddAsync(Event("young") with { ReceivedAt = Start.AddDays(7) });
        await ReopenAsync(new LedgerOptions { Retention = Retention.Everything });
        Assert.Equal(0, await ledger.PruneAsync(Start.AddDays(8), Stop));

        await ReopenAsync(LedgerOptions.Default);
        Assert.Equal(1, await ledger.PruneAsync(Start.AddDays(8), Stop));
        Assert.Equal(["young"], Ids(new LedgerQuery()));
        Assert.Equal("new", await ledger.ClaimAsync(claim with { EventId = "new" }, Stop));

        await ReopenAsync(new LedgerOptions { Retention = new Retention { Bytes = 3000 } });
        for (var n = 0; n < 5; n++)
        {
            await AddAsync(Event($"big{n}") with { Body = new byte[1000], ReceivedAt = Start.AddDays(8) });
        }

        Assert.Equal(4, await ledger.PruneAsync(Start.AddDays(8), Stop));
        Assert.Equal(["big4", "big3"], Ids(new LedgerQuery()));
    }

    [Fact]
    public async Task What_a_listener_decided_by_is_known_for_every_time()
    {
        await ledger.ConfigureAsync("ci", "lamp", Start, """[{"kind":"Trigger","n":1}]""", Stop);
        await ledger.ConfigureAsync("ci", "lamp", Start.AddMinutes(1), """[{"kind":"Trigger","n":1}]""", Stop);
        await ledger.ConfigureAsync("ci", "lamp", Start.AddMinutes(2), """[{"kind":"Trigger","n":2}]""", Stop);

        Assert.Equal((Start, 1), At(Start.AddMinutes(1)));
        Assert.Equal((Start.AddMinutes(2), 2), At(Start.AddMinutes(3)));
        Assert.Equal((Start, 1), At(Start.AddMinutes(-3)));
        Assert.Null(ledger.Reader.Configuration("ci", "other", Start));
        await ledger.PruneAsync(Start.AddDays(8), Stop);
        Assert.Equal((Start.AddMinutes(2), 2), At(Start));

        (DateTimeOffset, int) At(DateTimeOffset at)
        {
            var found = ledger.Reader.Configuration("ci", "lamp", at)!;
            return (found.At, (int)found.Manifests[0]["n"]!);
        }
    }

    [Fact]
    public async Task A_body_that_was_packed_reads_as_it_was_sent()
    {
        var body = Encoding.UTF8.GetBytes($"{{\"x\":\"{new string('x', 9000)}\"}}");
        await AddAsync(Event("e1") with { Body = body });

        await ledger.PruneAsync(Start, Stop);

        Assert.True(ledger.Reader.Find("e1")!.Event.Body.Span.SequenceEqual(body));
    }

    private async Task ReopenAsync(LedgerOptions options)
    {
        var next = await OpenAsync(options);
        await ledger.DisposeAsync();
        ledger = next;
    }

    private async Task AddAsync(ReceivedEvent received)
    {
        await ledger.AppendAsync(received, Stop);
        await ledger.DecideAsync(Decided(received), Stop);
    }

    private IEnumerable<string> Ids(LedgerQuery query) => ledger.Reader.List(query).Select(one => one.Event.EventId);

    private static ReceivedEvent Event(string id) => new()
    {
        EventId = id,
        ListenerNamespace = "ci",
        ListenerName = "lamp",
        ListenerUid = "u",
        ReceivedAt = Start,
        Method = "POST",
        Path = "/",
        Headers = [new("Content-Type", "application/json"), new("X-Gitlab-Token", "s3cret-value")],
        Body = "{\"n\":1}"u8.ToArray(),
    };

    private static Delivery Decided(ReceivedEvent received) => new()
    {
        Event = received,
        Outcome = DeliveryOutcome.NoMatch,
        DecidedAt = received.ReceivedAt,
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
