using System.Net;
using System.Text.Json.Nodes;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;

namespace Hikigane.Unit.Server.Listener;

public sealed class RunningListenerTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "unexpected end of JSON input")]
    [InlineData("nope", "invalid character 'o' in literal null (expecting 'u')")]
    [InlineData("[1]", "json: cannot unmarshal array into Go value of type map[string]interface {}")]
    public async Task A_body_that_is_no_JSON_object_is_refused_with_its_reason(string body, string reason)
    {
        var (status, answer, deliveries, _) = await SendAsync(ListenerRig.Trigger(), body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("Invalid event body format : " + reason, answer.Text("errorMessage"));
        Assert.Equal(("request.not-json", "listener"), (Assert.Single(Assert.Single(deliveries).Triggers).Cause, deliveries[0].Triggers[0].Source));
    }

    [Fact]
    public async Task One_byte_over_the_cap_is_too_large_and_the_cap_itself_is_not()
    {
        const string Body = """{"a":"1"}""";

        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(ListenerRig.Trigger(), Body, mostBytes: Body.Length)).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync(ListenerRig.Trigger(), Body, mostBytes: Body.Length - 1)).Status);
    }

    [Fact]
    public async Task A_missing_key_without_a_default_says_so_and_creates_nothing()
    {
        var (status, _, deliveries, created) = await SendAsync(ListenerRig.Trigger(), """{"b":1}""");

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("binding.missing", Assert.Single(Assert.Single(deliveries).Triggers).Cause);
        Assert.Empty(created);
    }

    [Fact]
    public async Task A_missing_key_takes_the_default_of_the_template()
    {
        var template = ListenerRig.Template.Replace("""{"name":"v"}""", """{"name":"v","default":"d"}""", StringComparison.Ordinal);

        var (_, _, _, created) = await SendAsync(ListenerRig.Trigger(template: template), """{"b":1}""");

        Assert.Equal("d", Assert.Single(created).Text("data", "v"));
    }

    [Fact]
    public async Task A_missing_template_is_an_error_of_its_trigger()
    {
        var (status, _, deliveries, _) = await SendAsync(ListenerRig.Trigger(template: """{"ref":"gone"}"""), """{"a":1}""");

        Assert.Equal(HttpStatusCode.Accepted, status);
        var verdict = Assert.Single(Assert.Single(deliveries).Triggers);
        Assert.Equal(TriggerOutcome.Error, verdict.Outcome);
        Assert.Contains("\"gone\" not found", verdict.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forbidden_creation_shows_the_Role_that_is_missing()
    {
        var (_, _, deliveries, created) = await SendAsync(ListenerRig.Trigger(), """{"a":1}""", mayCreate: false);

        var verdict = Assert.Single(Assert.Single(deliveries).Triggers);
        Assert.Equal("create.forbidden", verdict.Cause);
        Assert.Contains("""{apiGroups: [""], resources: ["configmaps"], verbs: ["create"]}""", verdict.Fix, StringComparison.Ordinal);
        Assert.Empty(created);
    }

    [Fact]
    public async Task A_trigger_that_an_event_reaches_twice_creates_twice()
    {
        var (_, _, deliveries, created) = await SendAsync(ListenerRig.Trigger(), """{"a":1}""", times: 2);

        Assert.Equal(DeliveryOutcome.Fired, Assert.Single(deliveries).Outcome);
        Assert.Equal(2, created.Count);
        Assert.Equal(2, deliveries[0].Triggers.SelectMany(trigger => trigger.Created).Select(one => one.Name).Distinct().Count());
    }

    [Fact]
    public async Task A_request_to_a_listener_that_its_account_cannot_read_is_on_record()
    {
        await using var rig = await ListenerRig.StartAsync(options: options => options with { Name = "unseen" });

        using var response = await rig.PostAsync();

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        var delivery = Assert.Single(rig.Ledger.Reader.List(new LedgerQuery()));
        Assert.Equal((500, "ref.missing"), (delivery.Event.ResponseStatus, Assert.Single(delivery.Triggers).Cause));
        Assert.Equal(delivery.Event.EventId, rig.Ledger.Reader.Find("event/" + delivery.Event.EventId)?.Event.EventId);
    }

    [Fact]
    public async Task One_broken_trigger_does_not_disturb_its_neighbours()
    {
        var broken = ListenerRig.Trigger("broken");
        broken["interceptors"] = new JsonArray(new JsonObject { ["ref"] = new JsonObject { ["name"] = "bomb", ["kind"] = "NamespacedInterceptor" } });
        await using var rig = await ListenerRig.StartAsync(
            triggers: [ListenerRig.Trigger("one"), broken, ListenerRig.Trigger("two")],
            objects:
            [
                """{"apiVersion":"triggers.tekton.dev/v1alpha1","kind":"Interceptor","metadata":{"name":"bomb","namespace":"default"},"spec":{"clientConfig":{"url":"http://bomb.example/"}}}""",
            ]);

        (await rig.PostAsync()).Dispose();

        Assert.Equal(2, (await rig.CreatedAsync()).Count);
        var delivery = Assert.Single(rig.Ledger.Reader.List(new LedgerQuery()));
        Assert.Equal(["", "internal", ""], delivery.Triggers.Select(trigger => trigger.Cause));
    }

    [Fact]
    public async Task What_a_template_names_itself_is_created_once_however_often_it_is_decided()
    {
        var template = ListenerRig.Template.Replace("\"generateName\":\"out-\"", "\"name\":\"out\"", StringComparison.Ordinal);
        await using var rig = await ListenerRig.StartAsync(triggers: [ListenerRig.Trigger("one", template), ListenerRig.Trigger("two", template)]);

        (await rig.PostAsync()).Dispose();

        Assert.Single(await rig.CreatedAsync());
        var delivery = Assert.Single(rig.Ledger.Reader.List(new LedgerQuery()));
        Assert.Equal(DeliveryOutcome.Partial, delivery.Outcome);
        Assert.Contains(delivery.Triggers, trigger => trigger.Message.Contains("already exists", StringComparison.Ordinal));
    }

    private static async Task<(HttpStatusCode Status, JsonObject Answer, IReadOnlyList<Delivery> Deliveries, IReadOnlyList<JsonObject> Created)> SendAsync(
        JsonObject trigger, string body, long mostBytes = 1024, bool mayCreate = true, int times = 1)
    {
        await using var rig = await ListenerRig.StartAsync(
            triggers: [.. Enumerable.Range(0, times).Select(_ => trigger.Copy())], options: options => options with { MaxBodyBytes = mostBytes });
        rig.Api.Api.Authorize = request => request.Verb == "create" && request.Caller.Name.EndsWith(":builder", StringComparison.Ordinal) && !mayCreate ? "" : null;
        using var response = await rig.PostAsync(body);
        var answer = (JsonObject)JsonNode.Parse(await response.Content.ReadAsStringAsync(Stop))!;
        var created = await rig.CreatedAsync();
        return (response.StatusCode, answer, rig.Ledger.Reader.List(new LedgerQuery()), created);
    }
}
