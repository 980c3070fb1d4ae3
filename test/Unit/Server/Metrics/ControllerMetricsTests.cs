using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kit;
using Hikigane.Resources;
using Hikigane.Server.Parts;
using Hikigane.Triggers.EventListeners;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikigane.Unit.Server.Metrics;

public sealed class ControllerMetricsTests
{
    [Fact]
    public async Task The_controller_of_Triggers_counts_what_there_is()
    {
        await using var api = await EmbeddedApi.InMemory(TimeProvider.System);
        foreach (var name in new[] { "one", "two" })
        {
            await api.CreateAsync(Kinds.TriggerBinding, new JsonObject
            {
                ["apiVersion"] = Kinds.TriggerBinding.ApiVersion,
                ["kind"] = "TriggerBinding",
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" },
            });
        }

        await using var part = await ControllersPart.Triggers(new ListenerOptions())(
            new PartContext { Kube = api.Kube, Time = TimeProvider.System, Logging = NullLoggerFactory.Instance }, TestContext.Current.CancellationToken);
        using var body = new MemoryStream();
        var http = new DefaultHttpContext { Request = { Path = "/metrics" }, Response = { Body = body } };

        await part.Metrics!(http);

        var text = Encoding.UTF8.GetString(body.ToArray());
        const string Scope = "{otel_scope_name=\"github.com/tektoncd/triggers/pkg/reconciler/metrics\",otel_scope_schema_url=\"\",otel_scope_version=\"\"}";
        Assert.Contains($"# TYPE controller_triggerbinding_count gauge\ncontroller_triggerbinding_count{Scope} 2\n", text, StringComparison.Ordinal);
        foreach (var kind in new[] { "eventlistener", "clustertriggerbinding", "triggertemplate", "clusterinterceptor" })
        {
            Assert.Contains($"controller_{kind}_count{Scope} 0\n", text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("process_", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "eventlistener-controller")]
    [InlineData(false, "taskrun-controller")]
    public async Task A_process_that_is_a_controller_shows_its_queues_and_itself(bool isTriggers, string queue)
    {
        await using var api = await EmbeddedApi.InMemory(TimeProvider.System);
        var type = isTriggers ? Kinds.EventListener : Kinds.TaskRun;
        var start = isTriggers ? ControllersPart.Triggers(new ListenerOptions()) : ControllersPart.Pipelines(streams: null);
        await using var part = await start(
            new PartContext { Kube = api.Kube, Time = TimeProvider.System, Logging = NullLoggerFactory.Instance, IsAlone = true }, TestContext.Current.CancellationToken);
        await api.CreateAsync(type, new JsonObject
        {
            ["apiVersion"] = type.ApiVersion,
            ["kind"] = type.Kind,
            ["metadata"] = new JsonObject { ["name"] = "one", ["namespace"] = "default" },
        });

        string text;
        var done = $"kn_workqueue_process_duration_seconds_count{{name=\"{queue}\",";
        do
        {
            using var body = new MemoryStream();
            await part.Metrics!(new DefaultHttpContext { Request = { Path = "/metrics" }, Response = { Body = body } });
            text = Encoding.UTF8.GetString(body.ToArray());
        }
        while (!text.Contains(done, StringComparison.Ordinal) && !TestContext.Current.CancellationToken.IsCancellationRequested);

        const string Scope = "otel_scope_name=\"knative.dev/pkg/observability/metrics/k8s\"";
        Assert.Contains($"# TYPE kn_workqueue_adds_total counter\n", text, StringComparison.Ordinal);
        Assert.Contains($"kn_workqueue_adds_total{{name=\"{queue}\",{Scope}", text, StringComparison.Ordinal);
        Assert.Contains($"kn_workqueue_queue_duration_seconds_bucket{{name=\"{queue}\",{Scope}", text, StringComparison.Ordinal);
        Assert.Contains($"kn_workqueue_depth{{name=\"{queue}\",", text, StringComparison.Ordinal);
        Assert.Contains($"kn_workqueue_unfinished_work_seconds{{name=\"{queue}\",", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE process_cpu_seconds_total counter\n", text, StringComparison.Ordinal);
        Assert.Contains("process_resident_memory_bytes{", text, StringComparison.Ordinal);
    }
}
