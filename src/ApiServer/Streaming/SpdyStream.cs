using System.IO.Pipelines;

namespace Hikigane.ApiServer.Streaming;

/// <summary>One stream of a <see cref="SpdyConnection"/>: its headers, and bytes both ways. Closing ends our direction.</summary>
internal sealed class SpdyStream(SpdyConnection connection, uint id, IReadOnlyDictionary<string, string> headers) : UnseekableStream
{
    // A pause would hold up every other stream of the connection, so nothing is held back.
    private readonly Pipe incoming = new(new PipeOptions(pauseWriterThreshold: 0));
    private int isClosed;

    public IReadOnlyDictionary<string, string> Headers { get; } = headers;

    public string Header(string name) => Headers.GetValueOrDefault(name, "");

    /// <summary>Sends FIN once; what the other side still sends can be read.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref isClosed, 1) == 0)
        {
            try
            {
                await connection.SendDataAsync(id, default, isLast: true, cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException)
            {
                // The connection is gone: so is the stream.
            }
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await incoming.Reader.ReadAsync(cancellationToken);
        var count = (int)Math.Min(buffer.Length, result.Buffer.Length);
        var taken = result.Buffer.Slice(0, count);
        var position = 0;
        foreach (var segment in taken)
        {
            segment.CopyTo(buffer[position..]);
            position += segment.Length;
        }

        incoming.Reader.AdvanceTo(taken.End);
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            var part = buffer[..Math.Min(buffer.Length, 32 * 1024)];
            await connection.SendDataAsync(id, part, isLast: false, cancellationToken);
            buffer = buffer[part.Length..];
        }
    }

    internal async Task ReceiveAsync(byte[] payload, bool isLast, CancellationToken cancellationToken)
    {
        if (payload.Length > 0)
        {
            await incoming.Writer.WriteAsync(payload, cancellationToken);
        }

        if (isLast)
        {
            await incoming.Writer.CompleteAsync();
        }
    }

    internal void Abort() => incoming.Writer.Complete();
}
