using System.Net.WebSockets;

namespace Hikigane.ApiServer.Streaming;

/// <summary>One outgoing channel of a <c>channel.k8s.io</c> WebSocket: each write is a message that starts with the channel's number.</summary>
internal sealed class ChannelStream(WebSocket socket, byte channel, SemaphoreSlim sending) : UnseekableStream
{
    public override bool CanRead => false;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var message = new byte[buffer.Length + 1];
        message[0] = channel;
        buffer.CopyTo(message.AsMemory(1));
        await sending.WaitAsync(cancellationToken);
        try
        {
            await socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }
        finally
        {
            sending.Release();
        }
    }
}
