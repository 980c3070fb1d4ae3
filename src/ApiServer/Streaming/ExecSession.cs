using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;

namespace Hikigane.ApiServer.Streaming;

/// <summary>
/// One <c>pods/exec</c> or <c>pods/attach</c>: joins the streams of what runs with the channels of a WebSocket (<c>v4</c>, <c>v5.channel.k8s.io</c>) or with SPDY streams, and
/// ends with a Status that carries the exit code.
/// </summary>
internal sealed class ExecSession(Func<ExecRequest, CancellationToken, Task<int>> run, ExecOptions options)
{
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(5);

    private const byte StatusChannel = 3;
    private const byte CloseSignal = 255;

    public async Task RunAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var sending = new SemaphoreSlim(1);
        var stdin = new Pipe();
        var reading = ReceiveAsync(socket, stdin.Writer, ending);
        await using var output = new ChannelStream(socket, 1, sending);
        await using var errors = new ChannelStream(socket, 2, sending);
        var status = await ExecAsync(stdin.Reader.AsStream(), output, errors, ending.Token);
        try
        {
            await using var channel = new ChannelStream(socket, StatusChannel, sending);
            await channel.WriteAsync(Encoding.UTF8.GetBytes(status.ToJsonString()), cancellationToken);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);

            // A connection that is cut takes with it what the client has not read yet: it closes when it has.
            await reading.WaitAsync(ClientPatience, TimeProvider.System, cancellationToken);
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or OperationCanceledException or TimeoutException)
        {
            // The client left before the end: nobody is left to tell.
        }

        await ending.CancelAsync();
        await reading;
    }

    public async Task RunAsync(Stream transport, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var connection = new SpdyConnection(transport);
        var reading = connection.RunAsync(ending.Token);
        var streams = new Dictionary<string, SpdyStream>();
        var expected = new[] { true, options.Stdin, options.Stdout, options.Stderr, options.Tty }.Count(isWanted => isWanted);
        while (streams.Count < expected && await connection.Opened.WaitToReadAsync(ending.Token))
        {
            var stream = await connection.Opened.ReadAsync(ending.Token);
            streams[stream.Header("streamtype")] = stream;
        }

        if (streams.TryGetValue("error", out var error))
        {
            var status = await ExecAsync(
                streams.GetValueOrDefault("stdin"), streams.GetValueOrDefault("stdout"), streams.GetValueOrDefault("stderr"), ending.Token);
            await error.WriteAsync(Encoding.UTF8.GetBytes(status.ToJsonString()), ending.Token);
            foreach (var stream in streams.Values)
            {
                await stream.CloseAsync(ending.Token);
            }

            // The client closes once it has read all ends.
            await reading;
        }

        await ending.CancelAsync();
    }

    private async Task<JsonObject> ExecAsync(Stream? stdin, Stream? stdout, Stream? stderr, CancellationToken cancellationToken)
    {
        try
        {
            var request = new ExecRequest(
                options.Command, options.Stdin ? stdin : null, options.Stdout ? stdout : null, options.Stderr ? stderr : null, options.Tty);
            return Ended(await run(request, cancellationToken));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return new JsonObject { ["metadata"] = new JsonObject(), ["status"] = "Failure", ["message"] = exception.Message, ["reason"] = "InternalError", ["code"] = 500 };
        }
    }

    internal static JsonObject Ended(int exitCode) => exitCode == 0
        ? new JsonObject { ["metadata"] = new JsonObject(), ["status"] = "Success" }
        : new JsonObject
        {
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = $"command terminated with non-zero exit code: exit status {exitCode}",
            ["reason"] = "NonZeroExitCode",
            ["details"] = new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ExitCode", ["message"] = $"{exitCode}" }) },
        };

    private static async Task ReceiveAsync(WebSocket socket, PipeWriter stdin, CancellationTokenSource ending)
    {
        var buffer = new byte[32 * 1024];
        var channel = -1;
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(), ending.Token) is { MessageType: not WebSocketMessageType.Close } received)
            {
                var payload = buffer.AsMemory(0, received.Count);
                if (channel < 0 && payload.Length > 0)
                {
                    (channel, payload) = (payload.Span[0], payload[1..]);
                }

                if (channel == 0 && payload.Length > 0)
                {
                    await stdin.WriteAsync(payload, ending.Token);
                }
                else if (channel == CloseSignal && payload.Length > 0 && payload.Span[0] == 0)
                {
                    await stdin.CompleteAsync();
                }

                channel = received.EndOfMessage ? -1 : channel;
            }

            // Without its client a command has nobody to run for.
            await ending.CancelAsync();
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            await ending.CancelAsync();
        }
        finally
        {
            await stdin.CompleteAsync();
        }
    }
}
