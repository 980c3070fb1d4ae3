using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Golden.Triggers;

/// <summary>One recorded request, byte for byte over a socket, and its answer.</summary>
internal static class RawHttp
{
    private static readonly string[] Compared = ["content-type", "location", "allow", "connection", "x-content-type-options"];

    public static async Task<JsonObject> AskAsync(int port, JsonObject request)
    {
        using var longest = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port, longest.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(Bytes(request), longest.Token);
        var received = new List<byte>();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            if (Answer(TextOf(received), request.Text("method") == "HEAD", isClosed: false) is { } answer)
            {
                return answer;
            }

            var count = await stream.ReadAsync(buffer, longest.Token);
            if (count == 0)
            {
                return Answer(TextOf(received), request.Text("method") == "HEAD", isClosed: true) ?? new JsonObject { ["connectionClosed"] = true };
            }

            received.AddRange(buffer.AsSpan(0, count));
        }
    }

    private static string TextOf(List<byte> bytes) => Encoding.Latin1.GetString([.. bytes]);

    /// <summary>Null while it is not complete.</summary>
    private static JsonObject? Answer(string received, bool isHead, bool isClosed)
    {
        var end = received.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return null;
        }

        var lines = received[..end].Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(':', 2)).Select(pair => (Name: pair[0], Value: pair[1].Trim())).ToList();
        var length = headers.FirstOrDefault(header => header.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).Value;
        var isChunked = headers.Any(header => header.Name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase));
        var body = isHead ? "" : received[(end + 4)..];
        var isWhole = isHead || (isChunked ? body.EndsWith("0\r\n\r\n", StringComparison.Ordinal)
            : length is not null && body.Length >= int.Parse(length, CultureInfo.InvariantCulture));
        if (!isWhole && !isClosed)
        {
            return null;
        }

        var compared = new JsonObject();
        foreach (var (name, value) in headers)
        {
            if (Compared.Contains(name.ToLowerInvariant()) || name.StartsWith("ce-", StringComparison.OrdinalIgnoreCase))
            {
                compared[name] = value;
            }
        }

        return new JsonObject
        {
            ["status"] = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture),
            ["headers"] = compared,
            ["body"] = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(isChunked ? Unchunked(body) : body)),
        };
    }

    private static string Unchunked(string body)
    {
        var whole = new StringBuilder();
        while (body.Length > 0)
        {
            var line = body.IndexOf("\r\n", StringComparison.Ordinal);
            var size = int.Parse(body[..line], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
            {
                break;
            }

            whole.Append(body, line + 2, size);
            body = body[(line + 2 + size + 2)..];
        }

        return whole.ToString();
    }

    private static byte[] Bytes(JsonObject request)
    {
        var body = Body(request["body"]);
        var head = new StringBuilder($"{request.Text("method")} {request.Text("path")} {request.Text("http") ?? "HTTP/1.1"}\r\n");
        if (!request.Flag("noHost"))
        {
            head.Append("Host: sink.example\r\n");
        }

        foreach (var pair in request.Items("headers"))
        {
            head.Append($"{pair![0].Text()}: {pair[1].Text()}\r\n");
        }

        if (request.Flag("chunked"))
        {
            var start = Encoding.Latin1.GetBytes(head.Append("Transfer-Encoding: chunked\r\n\r\n").Append(CultureInfo.InvariantCulture, $"{body?.Length ?? 0:x}\r\n").ToString());
            return [.. start, .. body ?? [], .. "\r\n0\r\n\r\n"u8];
        }

        if (body is not null && !request.Flag("noContentLength"))
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {request.Integer("contentLength") ?? body.Length}\r\n");
        }

        return [.. Encoding.UTF8.GetBytes(head.Append("\r\n").ToString()), .. body ?? []];
    }

    private static byte[]? Body(JsonNode? body)
    {
        if (body is not JsonObject coded)
        {
            return body is null ? null : Encoding.UTF8.GetBytes(body.Text()!);
        }

        if (coded.Text("base64") is { } base64)
        {
            return Convert.FromBase64String(base64);
        }

        var parts = coded.Items("repeat").ToList();
        return Encoding.UTF8.GetBytes(parts[0].Text() + Times(1) + parts[3].Text() + Times(4));

        string Times(int at) => string.Concat(Enumerable.Repeat(parts[at].Text(), (int)parts[at + 1]!.GetValue<double>()));
    }
}
