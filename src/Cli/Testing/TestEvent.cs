using System.Text;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Testing;

/// <summary>
/// An event out of files: an HTTP request (request line, headers, empty line, body; the format of upstream's <c>cel-eval</c> and <c>triggerrun</c>), or a body alone.
/// </summary>
internal sealed record TestEvent(string Method, string Path, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body)
{
    /// <summary>The event that every test uses has this id, so that what is made of it does not change from run to run.</summary>
    public const string Id = "00000000-0000-4000-8000-000000000000";

    public static TestEvent Empty { get; } = new("POST", "/", [], []);

    /// <summary>Reads a file: a request when it begins with a request line, else a body.</summary>
    public static TestEvent Read(string file) => Parse(InputFile.Bytes(file), file);

    public static TestEvent Parse(byte[] content, string file)
    {
        var end = content.AsSpan().IndexOf((byte)'\n');
        var first = Encoding.UTF8.GetString(end < 0 ? content : content.AsSpan(0, end)).TrimEnd('\r').Split(' ');
        if (first.Length is not (2 or 3) || first[0].Length == 0 || !first[0].All(char.IsAsciiLetterUpper) || !first[1].StartsWith('/'))
        {
            return Empty.With("Content-Type", "application/json") with { Body = content };
        }

        var headers = new List<KeyValuePair<string, string>>();
        var at = end < 0 ? content.Length : end + 1;
        for (var line = 2; at < content.Length; line++)
        {
            var length = content.AsSpan(at).IndexOf((byte)'\n');
            var text = Encoding.UTF8.GetString(length < 0 ? content.AsSpan(at) : content.AsSpan(at, length)).TrimEnd('\r');
            at = length < 0 ? content.Length : at + length + 1;
            if (text.Length == 0)
            {
                break;
            }

            var colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                throw new UnusableInputException($"{file}: line {line}: a header needs a colon: {text}");
            }

            headers.Add(KeyValuePair.Create(text[..colon], text[(colon + 1)..].Trim(' ', '\t')));
        }

        // The length is that of the body, whatever the file says: people edit bodies.
        var body = content[at..];
        headers.RemoveAll(header => header.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase));
        headers.Add(KeyValuePair.Create("Content-Length", body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return new TestEvent(first[0], first[1], headers, body);
    }

    /// <summary>With a header; one of the same name is replaced.</summary>
    public TestEvent With(string name, string value) =>
        this with { Headers = [.. Headers.Where(header => !header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)), KeyValuePair.Create(name, value)] };

    /// <summary>With a header as it is written on a command line: <c>Name: value</c>.</summary>
    public TestEvent WithHeader(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 ? With(line[..colon].Trim(), line[(colon + 1)..].Trim()) : throw new UnusableInputException($"a header is written 'Name: value': {line}");
    }

    public ReceivedEvent Received(string ns, string listener, bool isSigned = false) => new()
    {
        EventId = Id,
        ListenerNamespace = ns,
        ListenerName = listener,
        ListenerUid = "",
        ReceivedAt = DateTimeOffset.UnixEpoch,
        Method = Method,
        Path = Path,
        Headers = Headers,
        Body = Body,
        Mode = DeliveryMode.Test,
        // A repeated event is signed again with the Secret that the trigger names.
        ReplayOf = isSigned ? Id : null,
    };
}
