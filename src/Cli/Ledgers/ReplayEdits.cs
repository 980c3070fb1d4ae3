using System.CommandLine;
using System.Diagnostics;
using System.Text;
using Hikigane.Cli.Samples;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Ledgers;

/// <summary>How the request of a replay differs from the one that was received.</summary>
internal sealed class ReplayEdits
{
    private readonly Option<string[]> set = new("--set") { Description = "Change the request: body.ref=refs/heads/main, header.X-Name=value; may be repeated", HelpName = "PATH=VALUE" };
    private readonly Option<string?> body = new("--body") { Description = "Take this body instead; - reads standard input", HelpName = "FILE" };
    private readonly Option<bool> edit = new("--edit") { Description = "Open the body in $EDITOR first" };

    public void AddTo(Command command)
    {
        command.Options.Add(set);
        command.Options.Add(body);
        command.Options.Add(edit);
    }

    public bool AreGiven(ParseResult parsed) => parsed.GetValue(set) is { Length: > 0 } || parsed.GetValue(body) is not null || parsed.GetValue(edit);

    /// <summary>The event that repeats another one, under an id of its own.</summary>
    public async Task<ReceivedEvent> ApplyAsync(ParseResult parsed, ReceivedEvent original, string reason, CancellationToken cancellationToken)
    {
        if (Replays.NoBody(original) is { } missing && parsed.GetValue(body) is null)
        {
            throw new CliException(missing);
        }

        var (changed, headers) = SampleEvent.Changed(await BodyAsync(parsed, original, cancellationToken), parsed.GetValue(set) ?? []);
        return Replays.Of(original, TimeProvider.System.GetUtcNow(), reason) with
        {
            Headers =
            [
                .. original.Headers.Where(header => !headers.Any(one => one.Name.Equals(header.Key, StringComparison.OrdinalIgnoreCase))),
                .. headers.Select(header => new KeyValuePair<string, string>(header.Name, header.Value)),
            ],
            Body = AreGiven(parsed) ? Encoding.UTF8.GetBytes(changed) : original.Body,
        };
    }

    private async Task<string> BodyAsync(ParseResult parsed, ReceivedEvent original, CancellationToken cancellationToken)
    {
        var text = parsed.GetValue(body) switch
        {
            null => Encoding.UTF8.GetString(original.Body.Span),
            "-" => await Console.In.ReadToEndAsync(cancellationToken),
            var file => File.Exists(file) ? await File.ReadAllTextAsync(file, cancellationToken) : throw new CliException($"{file} does not exist", ExitCode.Usage),
        };
        return parsed.GetValue(edit) ? await EditAsync(text, cancellationToken) : text;
    }

    private static async Task<string> EditAsync(string text, CancellationToken cancellationToken)
    {
        var editor = Environment.GetEnvironmentVariable("VISUAL") ?? Environment.GetEnvironmentVariable("EDITOR") ?? "vi";
        var file = Path.Combine(Directory.CreateTempSubdirectory("hikigane-edit-").FullName, "body.json");
        try
        {
            await File.WriteAllTextAsync(file, text, cancellationToken);
            using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{editor} \"$1\"", "sh", file])) ?? throw new CliException($"{editor} did not start");
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? await File.ReadAllTextAsync(file, cancellationToken) : throw new CliException($"{editor} ended with {process.ExitCode}: nothing is replayed");
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }
}
