using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.Server.Listener;

public sealed class ListenerDoorTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-1, HttpStatusCode.Accepted)]
    [InlineData(0, HttpStatusCode.Accepted)]
    [InlineData(1, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_body_over_the_cap_of_the_annotation_is_refused(int over, HttpStatusCode status)
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["max-body-bytes"] = "2Mi" });
        var body = $$"""{"a":"{{new string('x', (2 << 20) - 8 + over)}}"}""";

        using var answer = await rig.PostAsync(body);

        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task A_body_of_unknown_length_is_cut_off_at_the_cap()
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["max-body-bytes"] = "10" });

        var answer = await rig.SendRawAsync("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{\"a\":\"1234\"\r\n"u8.ToArray());

        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("event body is larger than 10 bytes", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, "HTTP/1.1 202 ")]
    [InlineData(0, "HTTP/1.1 202 ")]
    [InlineData(1, "HTTP/1.1 431 ")]
    public async Task Headers_over_their_cap_are_refused(int over, string status)
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["max-header-bytes"] = "1000" });
        const string Rest = "Host: x\r\nContent-Length: 2\r\nConnection: close\r\nX-Fill: \r\n";

        var answer = await rig.SendRawAsync(Encoding.ASCII.GetBytes(
            $"POST / HTTP/1.1\r\n{Rest.Replace("X-Fill: ", "X-Fill: " + new string('x', 1000 - Rest.Length + over), StringComparison.Ordinal)}\r\n{{}}"));

        Assert.StartsWith(status, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_its_rate_a_listener_says_when_to_come_again()
    {
        var time = new FakeTimeProvider();
        await using var rig = await ListenerRig.StartAsync(new() { ["rate-limit"] = "0.5", ["rate-burst"] = "2" }, time: time);

        Assert.Equal((int[])[202, 202, 429], await StatusesAsync(rig, 3));
        time.Advance(TimeSpan.FromSeconds(1));
        using (var early = await rig.PostAsync())
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, early.StatusCode);
            Assert.Equal("1", Assert.Single(early.Headers.GetValues("Retry-After")));
        }

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((int[])[202, 429], await StatusesAsync(rig, 2));
    }

    [Fact]
    public async Task A_change_of_the_annotation_counts_from_the_next_request_on()
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["allow-from"] = "192.0.2.0/24" });
        Assert.Equal((int[])[403], await StatusesAsync(rig, 1));

        await rig.AnnotateAsync("allow-from", "127.0.0.0/8, ::1");

        Assert.Equal(202, await UntilAsync(rig, 202));
    }

    [Theory]
    [InlineData("203.0.113.9", 202)]
    [InlineData("198.51.100.1, 203.0.113.9", 202)]
    [InlineData("203.0.113.9, 198.51.100.1", 403)]
    [InlineData("nonsense", 403)]
    public async Task A_trusted_proxy_says_who_sent_the_request(string forwardedFor, int status)
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["allow-from"] = "203.0.113.0/24", ["trusted-proxies"] = "127.0.0.1" });

        using var answer = await rig.PostAsync(headers: ("X-Forwarded-For", forwardedFor));

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Without_a_trusted_proxy_nobody_believes_X_Forwarded_For()
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["allow-from"] = "203.0.113.0/24" });

        using var answer = await rig.PostAsync(headers: ("X-Forwarded-For", "203.0.113.9"));

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task A_bearer_token_of_a_Secret_lets_in_and_goes_no_further()
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["bearer-token-secret"] = "door/tokens" });
        await CreateSecretAsync(rig, "door", "tokens", "old-one\nnew-one\n");

        using var without = await rig.PostAsync();
        using var wrong = await rig.PostAsync(headers: ("Authorization", "Bearer old-on"));
        using var right = await rig.PostAsync(headers: ("Authorization", "Bearer new-one"));

        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Equal("Bearer realm=\"default/el\"", without.Headers.WwwAuthenticate.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, right.StatusCode);
        var listed = rig.Ledger.Reader.List(new());
        Assert.Equal([202, 401, 401], listed.Select(delivery => delivery.Event.ResponseStatus));
        Assert.DoesNotContain(listed[0].Event.Headers, header => header.Key == "Authorization");
    }

    [Fact]
    public async Task A_token_that_cannot_be_read_keeps_everybody_out()
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["bearer-token-secret"] = "gone/token" });

        using var answer = await rig.PostAsync(headers: ("Authorization", "Bearer x"));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Fact]
    public async Task Annotations_that_make_no_sense_keep_everybody_out_but_the_probe()
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["allow-form"] = "192.0.2.0/24" });

        using var answer = await rig.PostAsync();
        using var probe = await rig.PostAsync(path: "live");

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("allow-form is not known", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, probe.StatusCode);
    }

    private static async Task<int[]> StatusesAsync(ListenerRig rig, int count)
    {
        var statuses = new int[count];
        for (var i = 0; i < count; i++)
        {
            using var answer = await rig.PostAsync();
            statuses[i] = (int)answer.StatusCode;
        }

        return statuses;
    }

    /// <summary>The listener hears of the change by its watch.</summary>
    private static async Task<int> UntilAsync(ListenerRig rig, int wanted)
    {
        var status = 0;
        for (var i = 0; i < 200 && status != wanted; i++)
        {
            status = (await StatusesAsync(rig, 1))[0];
        }

        return status;
    }

    private static Task<JsonObject> CreateSecretAsync(ListenerRig rig, string name, string key, string value) => rig.Api.CreateAsync(Kinds.Secret, new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default" },
        ["data"] = new JsonObject { [key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value)) },
    });
}
