using System.Buffers.Binary;
using System.Text;
using ICSharpCode.SharpZipLib.Zip.Compression;

namespace Hikigane.ApiServer.Streaming;

/// <summary>
/// Header blocks of SPDY/3.1: one zlib stream per direction for the whole connection, started with the protocol's dictionary and flushed after each
/// block. Not for several threads at once.
/// </summary>
internal sealed class SpdyHeaders
{
    /// <summary>Cap on one decompressed block: what Kubernetes' streams say in headers is tiny.</summary>
    private const int MaxBlock = 64 * 1024;

    private static readonly string[] Words =
    [
        "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset", "accept-encoding", "accept-language", "accept-ranges", "age",
        "allow", "authorization", "cache-control", "connection", "content-base", "content-encoding", "content-language", "content-length",
        "content-location", "content-md5", "content-range", "content-type", "date", "etag", "expect", "expires", "from", "host", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified", "location", "max-forwards", "pragma",
        "proxy-authenticate", "proxy-authorization", "range", "referer", "retry-after", "server", "te", "trailer", "transfer-encoding", "upgrade",
        "user-agent", "vary", "via", "warning", "www-authenticate", "method", "get", "status", "200 OK", "version", "HTTP/1.1", "url", "public",
        "set-cookie", "keep-alive", "origin",
    ];

    private const string Tail =
        "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information"
        + "204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented"
        + "503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
        + "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,public"
        + "privatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.";

    /// <summary>The SPDY/3 dictionary, 1,423 bytes: length-prefixed words, then a tail.</summary>
    internal static readonly byte[] Dictionary = MakeDictionary();

    /// <summary>Adler-32 of the dictionary, which the zlib header names.</summary>
    private static readonly byte[] DictionaryId = [0xe3, 0xc6, 0xa7, 0xc2];

    private readonly Inflater inflater = new();
    private bool isStarted;

    public Dictionary<string, string> Read(ReadOnlySpan<byte> block)
    {
        inflater.SetInput(block.ToArray());
        using var plain = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var count = inflater.Inflate(buffer);
            if (count == 0 && inflater.IsNeedingDictionary)
            {
                inflater.SetDictionary(Dictionary);
                continue;
            }

            if (count == 0)
            {
                return Parse(plain.ToArray());
            }

            plain.Write(buffer, 0, count);
            if (plain.Length > MaxBlock)
            {
                throw new InvalidDataException("SPDY header block is too large");
            }
        }
    }

    /// <summary>
    /// A block without headers: all that a reply needs. Written as stored blocks, the last one empty: a reader in Go hands out what it has only
    /// when it meets an empty stored block, which is how zlib flushes.
    /// </summary>
    public byte[] WriteEmpty()
    {
        byte[] start = isStarted ? [] : [0x78, 0xbb, .. DictionaryId];
        isStarted = true;
        return [.. start, 0, 4, 0, 0xfb, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
    }

    private static Dictionary<string, string> Parse(ReadOnlySpan<byte> plain)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var count = ReadLength(ref plain);
        for (var i = 0; i < count; i++)
        {
            var name = ReadText(ref plain);
            headers[name] = ReadText(ref plain);
        }

        return headers;
    }

    private static int ReadLength(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 4 || BinaryPrimitives.ReadInt32BigEndian(rest) is var length && (length < 0 || length > MaxBlock))
        {
            throw new InvalidDataException("SPDY header block is cut short");
        }

        rest = rest[4..];
        return length;
    }

    private static string ReadText(ref ReadOnlySpan<byte> rest)
    {
        var length = ReadLength(ref rest);
        if (length > rest.Length)
        {
            throw new InvalidDataException("SPDY header block is cut short");
        }

        var text = Encoding.UTF8.GetString(rest[..length]);
        rest = rest[length..];
        return text;
    }

    private static byte[] MakeDictionary()
    {
        using var bytes = new MemoryStream();
        Span<byte> length = stackalloc byte[4];
        foreach (var word in Words)
        {
            BinaryPrimitives.WriteInt32BigEndian(length, word.Length);
            bytes.Write(length);
            bytes.Write(Encoding.ASCII.GetBytes(word));
        }

        bytes.Write(Encoding.ASCII.GetBytes(Tail));
        return bytes.ToArray();
    }
}
