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
    }
}
