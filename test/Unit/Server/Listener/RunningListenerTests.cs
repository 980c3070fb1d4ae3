using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kit;
using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Resources;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Server.Listener;
using Hikigane.Triggers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikigane.Unit.Server.Listener;

public sealed class RunningListenerTests
{
    private const string Template = """{"spec":{"params":[{"name":"v"}],"resourcetemplates":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"out-"},"data":{"v":"$(tt.params.v)"}}]}}""";
    private const string Binding = """[{"name":"v","value":"$(body.a)"}]""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "unexpected end of JSON input")]
    [InlineData("nope", "invalid character 'o' in literal null (expecting 'u')")]
    [InlineData("[1]", "json: cannot unmarshal array into Go value of type map[string]interface {}")]
    public async Task A_body_that_is_no_JSON_object_is_refused_with_its_reason(string body, string reason)
    {
        var (status, answer, deliveries, _) = await SendAsync(Trigger(Binding, Template), body);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("Invalid event body format : " + reason, answer.Text("errorMessage"));
        Assert.Empty(deliveries);
    }

    [Fact]
    public async Task One_byte_over_the_cap_is_too_large_and_the_cap_itself_is_not()
    {
        const string Body = """{"a":"1"}""";

        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(Trigger(Binding, Template), Body, mostBytes: Body.Length)).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync(Trigger(Binding, Template), Body, mostBytes: Body.Length - 1)).Status);
    }

    [Fact]
    public async Task A_missing_key_without_a_default_says_so_and_creates_nothing()
    {
        var (status, _, deliveries, created) = await SendAsync(Trigger(Binding, Template), """{"b":1}""");

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("binding.missing", Assert.Single(Assert.Single(deliveries).Triggers).Cause);
        Assert.Empty(created);
    }

    [Fact]
    public async Task A_missing_key_takes_the_default_of_the_template()
    {
        var template = Template.Replace("""{"name":"v"}""", """{"name":"v","default":"d"}""", StringComparison.Ordinal);

        var (_, _, _, created) = await SendAsync(Trigger(Binding, template), """{"b":1}""");

        Assert.Equal("d", Assert.Single(created).Text("data", "v"));
    }

    [Fact]
    public async Task A_missing_template_is_an_error_of_its_trigger()
    {
        var (status, _, deliveries, _) = await SendAsync(Trigger(Binding, """{"ref":"gone"}"""), """{"a":1}""");

        Assert.Equal(HttpStatusCode.Accepted, status);
        var verdict = Assert.Single(Assert.Single(deliveries).Triggers);
        Assert.Equal(TriggerOutcome.Error, verdict.Outcome);
        Assert.Contains("\"gone\" not found", verdict.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forbidden_creation_shows_the_Role_that_is_missing()
    {
        var (_, _, deliveries, created) = await SendAsync(Trigger(Binding, Template), """{"a":1}""", mayCreate: false);

        var verdict = Assert.Single(Assert.Single(deliveries).Triggers);
        Assert.Equal("create.forbidden", verdict.Cause);
        Assert.Contains("""{apiGroups: [""], resources: ["configmaps"], verbs: ["create"]}""", verdict.Fix, StringComparison.Ordinal);
        Assert.Empty(created);
    }

    [Fact]
    public async Task A_trigger_that_an_event_reaches_twice_creates_twice()
    {
        var (_, _, deliveries, created) = await SendAsync(Trigger(Binding, Template), """{"a":1}""", times: 2);

        Assert.Equal(DeliveryOutcome.Fired, Assert.Single(deliveries).Outcome);
        Assert.Equal(2, created.Count);
        Assert.Equal(2, deliveries[0].Triggers.SelectMany(trigger => trigger.Created).Select(one => one.Name).Distinct().Count());
    }

    private static JsonObject Trigger(string bindings, string template) => new()
    {
        ["name"] = "push",
        ["bindings"] = JsonNode.Parse(bindings),
        ["template"] = JsonNode.Parse(template),
    };

    private static async Task<(HttpStatusCode Status, JsonObject Answer, IReadOnlyList<Delivery> Deliveries, IReadOnlyList<JsonObject> Created)> SendAsync(
        JsonObject trigger, string body, long mostBytes = 1024, bool mayCreate = true, int times = 1)
    {
        await using var api = await EmbeddedApi.InMemory(TimeProvider.System);
        api.Api.Authorize = request => request.Verb == "create" && request.Caller.Name.EndsWith(":builder", StringComparison.Ordinal) && !mayCreate ? "" : null;
        await api.CreateAsync(Kinds.EventListener, new JsonObject
        {
            ["apiVersion"] = Kinds.EventListener.ApiVersion,
            ["kind"] = "EventListener",
            ["metadata"] = new JsonObject { ["name"] = "el", ["namespace"] = "default" },
            ["spec"] = new JsonObject { ["serviceAccountName"] = "builder", ["triggers"] = new JsonArray([.. Enumerable.Range(0, times).Select(_ => trigger.DeepClone())]) },
        });
        await using var ledger = SqliteLedger.InMemory(TimeProvider.System);
        HttpResponseMessage response;
        await using (var listener = await RunningListener.StartAsync(
            new SinkOptions { Name = "el", Namespace = "default", MaxBodyBytes = mostBytes }, "builder", Parts(api, ledger), Stop))
        {
            using var client = new HttpClient();
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            response = await client.PostAsync(new Uri($"http://127.0.0.1:{listener.Port}/"), content, Stop);
        }

        using (response)
        {
            var answer = (JsonObject)JsonNode.Parse(await response.Content.ReadAsStringAsync(Stop))!;
            var created = await api.Kube.ListAsync(Kinds.ConfigMap, "default", new ListQuery("triggers.tekton.dev/eventlistener"), Stop);
            return (response.StatusCode, answer, ledger.Reader.List(new LedgerQuery()), created.Items);
        }
    }

    private static ListenerParts Parts(EmbeddedApi api, SqliteLedger ledger) => new()
    {
        Ledger = ledger,
        Impersonate = (ns, name) => api.Kube.As($"system:serviceaccount:{ns}:{name}", "system:serviceaccounts"),
        Reader = api.Kube,
        Find = (apiVersion, kind, _) => ValueTask.FromResult(api.Api.Kinds.FindKind(apiVersion, kind)?.Type),
        Ports = new InterceptorPorts
        {
            BuiltIn = _ => null,
            Remote = (_, _, _) => throw new InvalidOperationException("no interceptor is asked"),
            Webhook = (_, _) => throw new InvalidOperationException("no webhook is asked"),
        },
        Time = TimeProvider.System,
        Logging = NullLoggerFactory.Instance,
    };
}
