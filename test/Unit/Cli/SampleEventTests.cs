using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Cli;
using Hikigane.Cli.Ledgers;
using Hikigane.Cli.Samples;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Unit.Cli;

public sealed class SampleEventTests
{
    public static TheoryData<string> Kinds { get; } = [.. SampleEvent.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_sample_is_recognised_as_what_its_service_sends(string kind)
    {
        var sample = SampleEvent.Of(kind, [], "s3cret", DateTimeOffset.UnixEpoch);

        var facts = EventFacts.Of(Received(sample));

        var service = kind[..kind.IndexOf('/', StringComparison.Ordinal)];
        Assert.Equal(service switch { "forgejo" => "gitea", "bitbucket-server" or "bitbucket-cloud" => "bitbucket", _ => service }, facts.Provider);
        if (service is not ("slack" or "generic" or "cloudevents") && !kind.EndsWith("/ping", StringComparison.Ordinal))
        {
            Assert.NotEmpty(facts.Repository);
            Assert.NotEmpty(facts.DeliveryId);
            Assert.NotEmpty(facts.Event);
        }

        if (kind.EndsWith("/push", StringComparison.Ordinal) && service != "cloudevents")
        {
            Assert.Contains("main", facts.Ref, StringComparison.Ordinal);
            Assert.StartsWith("1f3ac09", facts.Commit, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("github/push", "github")]
    [InlineData("gitlab/push", "gitlab")]
    [InlineData("bitbucket-cloud/push", "bitbucket")]
    public void A_sample_is_signed_as_the_interceptor_checks_it(string kind, string interceptor)
    {
        var sample = SampleEvent.Of(kind, ["body.ref=refs/heads/x"], "s3cret", DateTimeOffset.UnixEpoch);

        var (name, value) = ReplaySignature.Header(interceptor, sample.Body, "s3cret"u8)!.Value;

        Assert.Contains(new KeyValuePair<string, string>(name, value), sample.Headers);
        Assert.Equal("refs/heads/x", JsonNode.Parse(sample.Body).Text("ref"));
    }

    [Fact]
    public void The_curl_command_quotes_what_a_shell_would_take_apart()
    {
        var sample = SampleEvent.Of("generic/push", ["body.note=it's", "header.X-A=b"], null, DateTimeOffset.UnixEpoch);

        var command = sample.Curl(new Uri("http://127.0.0.1:8080/"));

        Assert.Contains("-H 'X-A: b'", command, StringComparison.Ordinal);
        Assert.Contains("it'\\''s", command, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_is_set_deep_in_a_body_and_blocked_ways_are_refused()
    {
        var body = new JsonObject { ["a"] = new JsonArray(1), ["s"] = "text" };

        BodyPath.Set(body, "a[0]", "2");
        BodyPath.Set(body, "b.c\\.d.e", "true");

        Assert.Equal("""{"a":[2],"s":"text","b":{"c.d":{"e":true}}}""", body.ToJsonString());
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => BodyPath.Set(body, "s.x", "1")).ExitCode);
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => SampleEvent.Of("github/nothing", [], null, DateTimeOffset.UnixEpoch)).ExitCode);
    }

    private static ReceivedEvent Received(SampleEvent sample) => new()
    {
        EventId = "e",
        ListenerNamespace = "ci",
        ListenerName = "el",
        ListenerUid = "u",
        ReceivedAt = DateTimeOffset.UnixEpoch,
        Method = "POST",
        Path = "/",
        Headers = sample.Headers,
        Body = Encoding.UTF8.GetBytes(sample.Body),
    };
}
