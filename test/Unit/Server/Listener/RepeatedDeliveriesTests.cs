using System.Net;
using System.Text.Json.Nodes;
using Hikigane.Ledger;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Unit.Server.Listener;

public sealed class RepeatedDeliveriesTests
{
    [Theory]
    [InlineData("X-GitHub-Delivery", "X-GitHub-Event")]
    [InlineData("X-Gitlab-Event-UUID", "X-Gitlab-Event")]
    [InlineData("X-Request-UUID", "X-Event-Key")]
    public async Task A_delivery_that_comes_twice_fires_once_and_says_so(string idHeader, string eventHeader)
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["deduplicate"] = "true", ["wait"] = "true" });

        using var first = await rig.PostAsync(headers: [(idHeader, "d-1"), (eventHeader, "push")]);
        using var again = await rig.PostAsync(headers: [(idHeader, "d-1"), (eventHeader, "push")]);
        using var other = await rig.PostAsync(headers: [(idHeader, "d-2"), (eventHeader, "push")]);

        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        Assert.Equal("push=filtered:duplicate", Assert.Single(again.Headers.GetValues("X-Trigger-Outcome")));
        Assert.Equal("push=fired", Assert.Single(other.Headers.GetValues("X-Trigger-Outcome")));
        Assert.Equal(2, (await rig.CreatedAsync()).Count);
        Assert.Contains(
            rig.Ledger.Reader.List(new LedgerQuery()).SelectMany(delivery => delivery.Triggers),
            verdict => verdict.Message.StartsWith("delivery d-1 was received before as event ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_the_annotation_a_repeat_fires_again()
    {
        await using var rig = await ListenerRig.StartAsync();

        (await rig.PostAsync(headers: [("X-GitHub-Delivery", "d-1"), ("X-GitHub-Event", "push")])).Dispose();
        (await rig.PostAsync(headers: [("X-GitHub-Delivery", "d-1"), ("X-GitHub-Event", "push")])).Dispose();

        Assert.Equal(2, (await rig.CreatedAsync()).Count);
    }

    [Fact]
    public async Task A_stranger_whose_signature_fails_claims_nothing()
    {
        var trigger = ListenerRig.Trigger();
        trigger["interceptors"] = new JsonArray(new JsonObject { ["ref"] = new JsonObject { ["name"] = "guard", ["kind"] = "NamespacedInterceptor" } });
        await using var rig = await ListenerRig.StartAsync(
            new() { ["deduplicate"] = "true", ["wait"] = "true" }, [trigger],
            parts: parts => parts with
            {
                Ports = parts.Ports with
                {
                    Remote = (_, request, _) => ValueTask.FromResult(request.Header.First("X-Signature") == "good"
                        ? InterceptorResponse.Pass() : InterceptorResponse.Stop(InterceptorCode.FailedPrecondition, "bad signature")),
                },
            },
            objects:
            [
                """{"apiVersion":"triggers.tekton.dev/v1alpha1","kind":"Interceptor","metadata":{"name":"guard","namespace":"default"},"spec":{"clientConfig":{"url":"http://guard.example/"}}}""",
            ]);

        using var stranger = await rig.PostAsync(headers: [("X-GitHub-Delivery", "d-1"), ("X-Signature", "bad")]);
        using var sender = await rig.PostAsync(headers: [("X-GitHub-Delivery", "d-1"), ("X-Signature", "good")]);

        Assert.DoesNotContain("fired", Assert.Single(stranger.Headers.GetValues("X-Trigger-Outcome")), StringComparison.Ordinal);
        Assert.Equal("push=fired", Assert.Single(sender.Headers.GetValues("X-Trigger-Outcome")));
    }

    [Fact]
    public async Task Who_delivers_again_after_a_failure_is_served()
    {
        var mayCreate = false;
        await using var rig = await ListenerRig.StartAsync(new() { ["deduplicate"] = "true", ["wait"] = "true" });
        rig.Api.Api.Authorize = request => request.Verb == "create" && request.Caller.Name.EndsWith(":builder", StringComparison.Ordinal) && !mayCreate ? "" : null;

        using var refused = await rig.PostAsync(headers: [("X-GitHub-Delivery", "d-1"), ("X-GitHub-Event", "push")]);
        mayCreate = true;
        using var again = await rig.PostAsync(headers: [("X-GitHub-Delivery", "d-1"), ("X-GitHub-Event", "push")]);

        Assert.Equal("push=error:create.forbidden", Assert.Single(refused.Headers.GetValues("X-Trigger-Outcome")));
        Assert.Equal("push=fired", Assert.Single(again.Headers.GetValues("X-Trigger-Outcome")));
    }
}
