using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Cli.Ledgers;
using Hikigane.Cli.Samples;
using Hikigane.Cli.Text;
using Hikigane.Ledger;
using Hikigane.Resources.Json;

namespace Hikigane.Cli.Commands.Events;

/// <summary><c>hikigane event send</c>: a realistic, signed request of a hosting service to a listener.</summary>
internal sealed class EventSendCommand
{
    private readonly LedgerPlace place = new();
    private readonly Argument<string?> kind = new("SERVICE/EVENT") { Description = "What to send; --list lists them", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> list = new("--list") { Description = "List the samples" };
    private readonly Option<string?> listener = new("--listener", "-l") { Description = "EventListener that gets it, in the running installation", HelpName = "NAME" };
    private readonly Option<string> ns = new("--namespace", "-n") { Description = "Namespace of the EventListener", HelpName = "NAMESPACE", DefaultValueFactory = _ => "default" };
    private readonly Option<string?> url = new("--url") { Description = "Address that gets it, instead of a listener's name", HelpName = "URL" };
    private readonly Option<string?> secret = new("--secret") { Description = "Secret to sign with, as it is set on the hook", HelpName = "TEXT" };
    private readonly Option<string?> secretFile = new("--secret-file") { Description = "File that holds the secret, byte for byte", HelpName = "FILE" };
    private readonly Option<string[]> set = new("--set") { Description = "Change the request: body.ref=refs/heads/main, header.X-Name=value; may be repeated", HelpName = "PATH=VALUE" };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Print the curl command and send nothing" };
    private readonly Option<double> wait = new("--wait") { Description = "Wait so many seconds for the verdict, and exit as `why` does; 0 does not wait", HelpName = "SECONDS" };
    private readonly Option<string> output = CommonOptions.Output();

    public static Command Create()
    {
        var made = new EventSendCommand();
        var command = new Command("send", "Send a sample event, signed as the service would")
        {
            made.kind, made.list, made.listener, made.ns, made.url, made.secret, made.secretFile, made.set, made.dryRun, made.wait, made.output,
        };
        made.place.AddTo(command);
        command.SetAction(made.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(list) || parsed.GetValue(kind) is not { } wanted)
        {
            foreach (var one in SampleEvent.Kinds)
            {
                Console.WriteLine(one);
            }

            return parsed.GetValue(list) ? ExitCode.Done : ExitCode.Usage;
        }

        var sample = SampleEvent.Of(wanted, parsed.GetValue(set) ?? [], Secret(parsed), TimeProvider.System.GetUtcNow());
        var address = Address(parsed);
        if (parsed.GetValue(dryRun))
        {
            Console.WriteLine(sample.Curl(address));
            return ExitCode.Done;
        }

        var (status, answer) = await SendAsync(sample, address, cancellationToken);
        var eventId = Parsed(answer).Text("eventID");
        var json = new JsonObject { ["url"] = address.ToString(), ["status"] = status, ["eventID"] = eventId, ["answer"] = answer.TrimEnd() };
        if (parsed.GetValue(output) != "text")
        {
            Print.Json(Console.Out, json, parsed.GetValue(output)!);
        }
        else
        {
            Console.WriteLine($"{status} {answer.TrimEnd()}");
        }

        return status >= 300 ? ExitCode.Failed
            : parsed.GetValue(wait) > 0 && eventId is not null ? await VerdictAsync(parsed, eventId, cancellationToken)
            : ExitCode.Done;
    }

    private async Task<int> VerdictAsync(ParseResult parsed, string eventId, CancellationToken cancellationToken)
    {
        var delivery = await DecidedEvent.WaitAsync(place.Read(parsed), eventId, TimeSpan.FromSeconds(parsed.GetValue(wait)), cancellationToken);
        if (delivery is null)
        {
            throw new CliException($"event {eventId} is not decided yet; `hikigane why {DeliverySummary.ShortId(eventId)}` says later");
        }

        if (parsed.GetValue(output) == "text")
        {
            WhyText.Write(Console.Out, delivery);
        }
        else
        {
            Print.Json(Console.Out, DeliveryJson.Of(delivery, withBody: false), parsed.GetValue(output)!);
        }

        return DeliverySummary.ExitCode(delivery.Outcome);
    }

    private string? Secret(ParseResult parsed) => parsed.GetValue(secretFile) is { } file
        ? File.Exists(file) ? File.ReadAllText(file) : throw new CliException($"{file} does not exist", ExitCode.Usage)
        : parsed.GetValue(secret);

    private Uri Address(ParseResult parsed)
    {
        if (parsed.GetValue(url) is { } given)
        {
            return Uri.TryCreate(given, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address
                : throw new CliException($"\"{given}\" is not an http address", ExitCode.Usage);
        }

        if (parsed.GetValue(listener) is not { } name)
        {
            throw new CliException("where to? Give -l LISTENER or --url URL", ExitCode.Usage);
        }

        var file = Path.Combine(place.DataDirectory(parsed), "listeners.url");
        return File.Exists(file)
            ? new Uri(new Uri(File.ReadAllText(file).Trim()), $"{parsed.GetValue(ns)}/{name}")
            : throw new CliException($"nothing runs in {place.DataDirectory(parsed)}: start `hikigane up`, or give --url");
    }

    private static async Task<(int Status, string Answer)> SendAsync(SampleEvent sample, Uri address, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(sample.Body)) };
        foreach (var header in sample.Headers)
        {
            if (header.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
            {
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(header.Value);
            }
            else
            {
                request.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
        }

        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (HttpRequestException exception)
        {
            throw new CliException($"{address} does not answer: {exception.Message}");
        }
    }

    private static JsonNode? Parsed(string answer)
    {
        try
        {
            return JsonNode.Parse(answer);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
