using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Hikigane.ApiServer.Streaming;

/// <summary>
/// The server's side of a SPDY/3.1 connection over any byte stream: streams that the client opens, each a duplex pipe with headers. The subset that
/// Kubernetes' clients speak; they do no flow control. One reader loop; writes are serialized.
/// </summary>
internal sealed class SpdyConnection(Stream transport) : IAsyncDisposable
{
    private const int MaxFrame = 1 << 20;
    private const byte Fin = 1;

    private readonly SpdyHeaders headers = new();
    private readonly SemaphoreSlim writing = new(1);
    private readonly ConcurrentDictionary<uint, SpdyStream> streams = new();
    private readonly Channel<SpdyStream> opened = Channel.CreateBounded<SpdyStream>(64);

    /// <summary>Streams in the order in which the client opens them; ends with the connection.</summary>
    public ChannelReader<SpdyStream> Opened => opened.Reader;

    /// <summary>Reads frames until the client goes away.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var head = new byte[8];
            while (await transport.ReadAtLeastAsync(head, 8, throwOnEndOfStream: false, cancellationToken) == 8)
            {
                var length = (int)(BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(4)) & 0xffffff);
                if (length > MaxFrame)
                {
                    throw new InvalidDataException("SPDY frame is too large");
                }

                var payload = new byte[length];
                await transport.ReadExactlyAsync(payload, cancellationToken);
                var first = BinaryPrimitives.ReadUInt32BigEndian(head);
                if ((first & 0x80000000) != 0)
                {
                    await ControlAsync((int)(first & 0xffff), head[4], payload, cancellationToken);
                }
                else if (streams.TryGetValue(first, out var stream))
                {
                    await stream.ReceiveAsync(payload, (head[4] & Fin) != 0, cancellationToken);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or ICSharpCode.SharpZipLib.SharpZipBaseException)
        {
            // The client is gone or talks nonsense: either way the connection is over, and all its streams end below.
        }
        finally
        {
            opened.Writer.TryComplete();
            foreach (var stream in streams.Values)
            {
                stream.Abort();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        writing.Dispose();
        await transport.DisposeAsync();
    }

    internal async Task SendDataAsync(uint id, ReadOnlyMemory<byte> payload, bool isLast, CancellationToken cancellationToken)
    {
        var frame = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, id);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)payload.Length | (isLast ? (uint)Fin << 24 : 0));
        payload.CopyTo(frame.AsMemory(8));
        await SendAsync(frame, cancellationToken);
    }

    internal void Forget(uint id) => streams.TryRemove(id, out _);

    private async Task ControlAsync(int type, byte flags, byte[] payload, CancellationToken cancellationToken)
    {
        switch (type)
        {
            case 1 when payload.Length >= 10:
                var id = BinaryPrimitives.ReadUInt32BigEndian(payload) & 0x7fffffff;
                var stream = new SpdyStream(this, id, headers.Read(payload.AsSpan(10)));
                streams[id] = stream;
                await ReplyAsync(id, cancellationToken);
                if ((flags & Fin) != 0)
                {
                    await stream.ReceiveAsync([], isLast: true, cancellationToken);
                }

                await opened.Writer.WriteAsync(stream, cancellationToken);
                break;
            case 3 when payload.Length >= 4 && streams.TryRemove(BinaryPrimitives.ReadUInt32BigEndian(payload) & 0x7fffffff, out var reset):
                reset.Abort();
                break;
            case 6:
                await SendAsync(Control(6, payload), cancellationToken);
                break;
        }
    }

    private async Task ReplyAsync(uint id, CancellationToken cancellationToken)
    {
        var block = headers.WriteEmpty();
        var payload = new byte[4 + block.Length];
        BinaryPrimitives.WriteUInt32BigEndian(payload, id);
        block.CopyTo(payload, 4);
        await SendAsync(Control(2, payload), cancellationToken);
    }

    private static byte[] Control(int type, byte[] payload)
    {
        var frame = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, 0x80030000 | (uint)type);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)payload.Length);
        payload.CopyTo(frame, 8);
        return frame;
    }

    private async Task SendAsync(byte[] frame, CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            await transport.WriteAsync(frame, cancellationToken);
            await transport.FlushAsync(cancellationToken);
        }
        finally
        {
            writing.Release();
        }
    }
}
