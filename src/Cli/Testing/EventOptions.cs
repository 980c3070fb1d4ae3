using System.CommandLine;

namespace Hikigane.Cli.Testing;

/// <summary>The options that say what event a command looks at, with the same words everywhere.</summary>
internal sealed class EventOptions
{
    private readonly Option<string?> request = new("--http-request", "-r", "--http_request", "--httpPath", "--event", "-e")
    {
        Description = "HTTP request: request line, headers, empty line, body; or a body alone; - is standard input",
        HelpName = "FILE",
    };

    private readonly Option<string?> body = new("--body", "-B") { Description = "Body, in the place of the request's; - is standard input", HelpName = "FILE" };

    private readonly Option<string[]> headers = new("--header", "-H") { Description = "Header, added to the request or replacing its own; may be repeated", HelpName = "NAME: VALUE" };

    /// <param name="hasShortEvent">Whether <c>-e</c> is the event; upstream's <c>cel-eval</c> has the expression there.</param>
    public EventOptions(bool hasShortEvent = true)
    {
        if (!hasShortEvent)
        {
            request.Aliases.Remove("-e");
        }
    }

    public void AddTo(Command command)
    {
        command.Options.Add(request);
        command.Options.Add(body);
        command.Options.Add(headers);
    }

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(request) is not null || parsed.GetValue(body) is not null;

    public TestEvent Read(ParseResult parsed)
    {
        var read = parsed.GetValue(request) is { } file ? TestEvent.Read(file) : TestEvent.Empty;
        if (parsed.GetValue(body) is { } content)
        {
            read = read.With("Content-Type", "application/json") with { Body = InputFile.Bytes(content) };
        }

        return (parsed.GetValue(headers) ?? []).Aggregate(read, (built, header) => built.WithHeader(header));
    }
}
