using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;

namespace Hikigane.ApiServer.Streaming;

/// <summary>
/// <c>pods/portforward</c> over a SPDY connection: per TCP connection of the client an error and a data stream with the same request id. As kubelet's
/// pkg/cri/streaming/portforward.
/// </summary>
internal sealed class PortForward(IPodStreams pods, JsonObject pod)
{
    private readonly ConcurrentDictionary<string, SpdyStream> errors = new();

    public async Task RunAsync(Stream transport, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var connection = new SpdyConnection(transport);
        var reading = connection.RunAsync(ending.Token);
        var forwards = new List<Task>();
        await foreach (var stream in connection.Opened.ReadAllAsync(ending.Token))
        {
            var request = stream.Header("requestid");
            if (stream.Header("streamtype") == "error")
            {
                errors[request] = stream;
            }
            else if (stream.Header("streamtype") == "data")
            {
                forwards.RemoveAll(forward => forward.IsCompleted);
                errors.TryRemove(request, out var error);
                forwards.Add(ForwardAsync(stream, error, ending.Token));
            }
        }

        await ending.CancelAsync();
        await Task.WhenAll(forwards);
        await reading;
    }

    /// <summary>A failure is a text on the error stream; the session of the client goes on only when it is silent.</summary>
    private async Task ForwardAsync(SpdyStream data, SpdyStream? error, CancellationToken cancellationToken)
    {
        try
        {
            if (!int.TryParse(data.Header("port"), out var port) || port is < 1 or > 65535)
            {
                throw new IOException($"invalid port {data.Header("port")}");
            }

            await pods.PortForwardAsync(pod, port, data, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            await ReportAsync(error, $"error forwarding port {data.Header("port")} to pod: {exception.Message}", cancellationToken);
        }

        await data.CloseAsync(cancellationToken);
        await (error?.CloseAsync(cancellationToken) ?? Task.CompletedTask);
    }

    private static async Task ReportAsync(SpdyStream? error, string text, CancellationToken cancellationToken)
    {
        try
        {
            await (error?.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken) ?? ValueTask.CompletedTask);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Nobody is left to tell.
        }
    }
}
