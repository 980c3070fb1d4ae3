using System.Net.WebSockets;

namespace Hikigane.ApiServer.Streaming;

/// <summary>The bytes of a WebSocket's binary messages as one stream: what tunnels SPDY since kubectl 1.31.</summary>
internal sealed class WebSocketBytes(WebSocket socket) : UnseekableStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            ValueWebSocketReceiveResult received;
            try
            {
                received = await socket.ReceiveAsync(buffer, cancellationToken);
            }
            catch (WebSocketException)
            {
                return 0;
            }

            if (received.MessageType == WebSocketMessageType.Close || received.Count > 0)
            {
                return received.MessageType == WebSocketMessageType.Close ? 0 : received.Count;
            }
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await socket.SendAsync(buffer, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }
        catch (WebSocketException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }
}
