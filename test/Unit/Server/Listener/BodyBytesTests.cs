using System.Net.Sockets;
using System.Net;
using System.Text;
using Hikigane.Kit;
using Hikigane.Server.Listener;

namespace Hikigane.Unit.Server.Listener;

public sealed class BodyBytesTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_share_grows_up_to_the_cap(int over, bool fits)
    {
        var bytes = new BodyBytes(100);
        using var other = bytes.Hold();
        Assert.True(other.Grow(40));

        using (var share = bytes.Hold())
        {
            Assert.True(share.Grow(10));
            Assert.Equal(fits, share.Grow(60 + over));
            Assert.Equal(fits ? 100 + over : 50, bytes.Held);
        }

        Assert.Equal(40, bytes.Held);
    }

    [Theory]
    [InlineData(-1, HttpStatusCode.Accepted)]
    [InlineData(0, HttpStatusCode.Accepted)]
    [InlineData(1, HttpStatusCode.ServiceUnavailable)]
    public async Task A_full_listener_asks_to_come_again(int over, HttpStatusCode status)
    {
        var bytes = new BodyBytes(100);
        await using var rig = await ListenerRig.StartAsync(parts: parts => parts with { Bodies = bytes });
        using var slow = await SendHalfAsync(rig, 40);
        await HeldAsync(bytes, 40);

        using var answer = await rig.PostAsync($$"""{"a":"{{new string('x', 60 - 8 + over)}}"}""");

        Assert.Equal(status, answer.StatusCode);
        if (status == HttpStatusCode.ServiceUnavailable)
        {
            Assert.Equal("1", Assert.Single(answer.Headers.GetValues("Retry-After")));
            Assert.Contains("holds as many bytes of event bodies as it may", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
            using var client = new HttpClient();
            var metrics = await client.GetStringAsync(new Uri($"http://127.0.0.1:{rig.Listener.MetricsPort}/metrics"), Stop);
            Assert.Contains("eventlistener_request_refused_total{cause=\"in-flight\"", metrics, StringComparison.Ordinal);
        }

        await HeldAsync(bytes, 40);
    }

    [Fact]
    public async Task Who_hangs_up_in_the_middle_gives_back_what_was_held()
    {
        var bytes = new BodyBytes(100);
        await using var rig = await ListenerRig.StartAsync(parts: parts => parts with { Bodies = bytes });
        using (await SendHalfAsync(rig, 90))
        {
            await HeldAsync(bytes, 90);
        }

        await HeldAsync(bytes, 0);
        using var answer = await rig.PostAsync($$"""{"a":"{{new string('x', 92)}}"}""");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    [Fact]
    public async Task What_could_never_be_held_is_too_large_and_not_a_matter_of_time()
    {
        await using var rig = await ListenerRig.StartAsync(new() { ["max-body-bytes-in-flight"] = "10" });

        using var small = await rig.PostAsync("""{"a":"12"}""");
        using var large = await rig.PostAsync("""{"a":"123"}""");

        Assert.Equal(HttpStatusCode.Accepted, small.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
    }

    /// <summary>A sender that announces more than it sends.</summary>
    private static async Task<TcpClient> SendHalfAsync(ListenerRig rig, int bytes)
    {
        var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, rig.Listener.Port, Stop);
        var head = $"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{new string(' ', bytes)}";
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), Stop);
        return socket;
    }

    private static Task HeldAsync(BodyBytes bytes, long wanted) => Until.HoldsAsync(() => bytes.Held == wanted, Stop);
}
