using System.Net;

namespace Hikigane.Unit.Server.Listener;

public sealed class ListenerMetricsTests
{
    private const string Scope = "otel_scope_name=\"github.com/tektoncd/triggers/pkg/sink\",otel_scope_schema_url=\"\",otel_scope_version=\"\"";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_counted_is_shown_under_upstreams_names()
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["wait"] = "true" });
        (await rig.PostAsync()).Dispose();
        (await rig.PostAsync("""{"b":1}""")).Dispose();
        (await rig.PostAsync("nope")).Dispose();
        (await rig.PostAsync(path: "live")).Dispose();

        using var client = new HttpClient();
        var text = await client.GetStringAsync(new Uri($"http://127.0.0.1:{rig.Listener.MetricsPort}/metrics"), Stop);

        Assert.Contains($"# TYPE eventlistener_event_received_total counter\neventlistener_event_received_total{{{Scope},status=\"failed\"}} 1\neventlistener_event_received_total{{{Scope},status=\"succeeded\"}} 2\n", text, StringComparison.Ordinal);
        Assert.Contains($"eventlistener_event_received_count{{{Scope},status=\"succeeded\"}} 2\n", text, StringComparison.Ordinal);
        Assert.Contains($"eventlistener_triggered_resources_total{{kind=\"ConfigMap\",{Scope}}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE eventlistener_http_duration_seconds histogram\n", text, StringComparison.Ordinal);
        Assert.Contains($"eventlistener_http_duration_seconds_bucket{{{Scope},le=\"0.001\"}} ", text, StringComparison.Ordinal);
        Assert.Contains($"eventlistener_http_duration_seconds_bucket{{{Scope},le=\"+Inf\"}} 3\n", text, StringComparison.Ordinal);
        Assert.Contains($"eventlistener_http_duration_seconds_count{{{Scope}}} 3\n", text, StringComparison.Ordinal);
        Assert.Contains($"eventlistener_trigger_outcome_total{{cause=\"\",listener=\"el\",{Scope},outcome=\"fired\",trigger=\"push\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"eventlistener_trigger_outcome_total{{cause=\"binding.missing\",listener=\"el\",{Scope},outcome=\"error\",trigger=\"push\"}} 1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_are_on_their_own_port_only()
    {
        await using var rig = await ListenerRig.StartAsync();
        using var client = new HttpClient();

        using var elsewhere = await client.GetAsync(new Uri($"http://127.0.0.1:{rig.Listener.MetricsPort}/"), Stop);
        using var events = await client.GetAsync(new Uri($"{rig.Address}metrics"), Stop);

        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, events.StatusCode);
    }
}
