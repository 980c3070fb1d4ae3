using System.Net.Sockets;
using System.Net;
using System.Text;
using Hikigane.Kit;
using Microsoft.Extensions.Time.Testing;

namespace Hikigane.Unit.Server.Listener;

/// <summary>Peers that are slow, break off, or send what is no HTTP.</summary>
public sealed class ListenerPeersTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Headers_that_never_end_are_not_waited_for()
    {
        await using var rig = await ShortAsync();

        var answer = await rig.SendRawAsync("POST / HTTP/1.1\r\nHost: x\r\nX-Slow: "u8.ToArray());

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_does_not_come_is_not_waited_for()
    {
        await using var rig = await ShortAsync();

        var answer = await rig.SendRawAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{\"a\""u8.ToArray());

        Assert.StartsWith("HTTP/1.1 500 ", answer, StringComparison.Ordinal);
        Assert.Empty(await rig.CreatedAsync());
    }

    [Fact]
    public async Task Half_a_body_and_gone_leaves_nothing_behind()
    {
        await using var rig = await ListenerRig.StartAsync();
        using (var socket = new TcpClient { LingerState = new LingerOption(true, 0) })
        {
            await socket.ConnectAsync(IPAddress.Loopback, rig.Listener.Port, Stop);
            await socket.GetStream().WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n{\"a\""u8.ToArray(), Stop);
        }

        using var next = await rig.PostAsync();

        Assert.Equal(HttpStatusCode.Accepted, next.StatusCode);
        Assert.Single(await rig.CreatedAsync());
    }

    [Fact]
    public async Task What_a_sender_that_hung_up_left_on_disk_is_decided()
    {
        await using var rig = await ListenerRig.StartAsync();
        for (var i = 0; i < 50; i++)
        {
            using var socket = new TcpClient { LingerState = new LingerOption(i % 2 == 0, 0) };
            await socket.ConnectAsync(IPAddress.Loopback, rig.Listener.Port, Stop);
            await socket.GetStream().WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n{\"a\":1}"u8.ToArray(), Stop);
        }

        var created = await rig.CreatedAsync();

        var deliveries = rig.Ledger.Reader.List(new() { Limit = 100 });
        Assert.All(deliveries, delivery => Assert.NotNull(delivery.DecidedAt));
        Assert.Equal(deliveries.Count(delivery => !delivery.Event.IsRefused), created.Count);
    }

    [Theory]
    [InlineData("\0\u0001\u0002\r\n\r\n", "400")]
    [InlineData("GET / HTTP/9.9\r\n\r\n", "505")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "400")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nZZ\r\n", "400,500")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nffffffffffffffff\r\n", "400,500")]
    public async Task What_is_no_HTTP_is_refused_and_the_next_request_served(string sent, string statuses)
    {
        await using var rig = await ShortAsync();

        var answer = await rig.SendRawAsync(Encoding.Latin1.GetBytes(sent));
        using var next = await rig.PostAsync();

        Assert.Contains(answer[9..12], statuses.Split(','));
        Assert.Equal(HttpStatusCode.Accepted, next.StatusCode);
    }

    [Fact]
    public async Task What_was_acknowledged_is_decided_before_the_listener_stops()
    {
        await using var rig = await ListenerRig.StartAsync();
        for (var i = 0; i < 50; i++)
        {
            using var answer = await rig.PostAsync();
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        await rig.StopAsync();

        Assert.All(rig.Ledger.Reader.List(new() { Limit = 100 }), delivery => Assert.NotNull(delivery.DecidedAt));
        Assert.Equal(50, (await rig.CreatedAsync()).Count);
    }

    [Fact]
    public async Task What_another_replica_left_behind_is_decided_by_the_one_that_stays()
    {
        var time = new FakeTimeProvider();
        await using var rig = await ListenerRig.StartAsync(time: time);
        var left = SomeEvent.Of("0b8f9a66-6f2c-4d0e-9b58-0f4be0a6a001", time.GetUtcNow()) with { Body = "{\"a\":1}"u8.ToArray() };
        await rig.Ledger.AppendAsync(left, Stop);

        await Until.HoldsAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(31));
                return rig.Ledger.Reader.Find(left.EventId)!.DecidedAt is not null;
            }, Stop);

        Assert.Single(await rig.CreatedAsync());
    }

    private static Task<ListenerRig> ShortAsync() =>
        ListenerRig.StartAsync(options: options => options with { ReadTimeout = Short, HandlerTimeout = TimeSpan.FromSeconds(5) });
}
