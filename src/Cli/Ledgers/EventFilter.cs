using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Ledger;
using Hikigane.Resources.Deliveries;

namespace Hikigane.Cli.Ledgers;

/// <summary>Which events a command is about: the same options for list, watch, export, replay and back-test.</summary>
internal sealed class EventFilter(int limit)
{
    private readonly Option<string?> listener = Text("--listener", "NAME", "Only of this EventListener", "-l");
    private readonly Option<string?> ns = Text("--namespace", "NAMESPACE", "Only of this namespace", "-n");
    private readonly Option<string?> outcome = Text("--outcome", "OUTCOME", "Only fired, partial, no-match, rejected, error, no-triggers or pending");
    private readonly Option<string?> cause = Text("--cause", "CODE", "Only where a trigger stopped for this cause, such as filter.false");
    private readonly Option<string?> repository = Text("--repo", "REPOSITORY", "Only of this repository, such as acme/api");
    private readonly Option<string?> kind = Text("--event", "EVENT", "Only of this event, such as push");
    private readonly Option<string?> since = Text("--since", "TIME", "Only newer than this: 90s, 30m, 2h, 7d, or 2026-11-25T12:00:00Z");
    private readonly Option<string?> until = Text("--until", "TIME", "Only older than this");
    private readonly Option<string?> text = Text("--text", "TEXT", "Only with this text in the request or the verdict; body.path:TEXT and header.Name:TEXT look in one place");
    private readonly Option<bool> dead = new("--dead-letters") { Description = "Only events that were given up on and wait for a person" };
    private readonly Option<string?> before = Text("--before", "ID", "Only what came before this event: the next page");
    private readonly Option<int> most = new("--limit") { Description = "At most so many", HelpName = "N", DefaultValueFactory = _ => limit };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { listener, ns, outcome, cause, repository, kind, since, until, text, dead, before, most })
        {
            command.Options.Add(option);
        }
    }

    public string? Namespace(ParseResult parsed) => parsed.GetValue(ns);

    public string? Listener(ParseResult parsed) => parsed.GetValue(listener);

    public int Limit(ParseResult parsed) => parsed.GetValue(most);

    /// <summary>Whether anything narrows the events down.</summary>
    public bool IsGiven(ParseResult parsed) =>
        new Option[] { listener, ns, outcome, cause, repository, kind, since, until, text, dead, before }.Any(option => parsed.GetResult(option) is { Implicit: false });

    public LedgerQuery Query(ParseResult parsed, LedgerReader reader) => new()
    {
        Listener = parsed.GetValue(listener),
        Namespace = parsed.GetValue(ns),
        Outcome = Outcome(parsed.GetValue(outcome)),
        Since = Time(parsed.GetValue(since)),
        Until = Time(parsed.GetValue(until)),
        Before = parsed.GetValue(before) is { } id ? reader.Find(id)?.Event.EventId ?? throw NoEvent(id) : null,
        IsDeadLetter = parsed.GetValue(dead),
        Where = Where(parsed),
        Limit = parsed.GetValue(most),
    };

    public static CliException NoEvent(string id) =>
        new($"no event, or more than one, has the id \"{id}\"; `hikigane event ls` lists them", ExitCode.NothingReceived);

    private Func<Delivery, bool>? Where(ParseResult parsed)
    {
        var (wantedCause, wantedRepository, wantedKind, wantedText) =
            (parsed.GetValue(cause), parsed.GetValue(repository), parsed.GetValue(kind), parsed.GetValue(text));
        if (wantedCause is null && wantedRepository is null && wantedKind is null && wantedText is null)
        {
            return null;
        }

        return delivery =>
            (wantedCause is null || delivery.Triggers.Any(trigger => trigger.Cause == wantedCause))
            && (wantedRepository is null || EventFacts.Of(delivery.Event).Repository.Equals(wantedRepository, StringComparison.OrdinalIgnoreCase))
            && (wantedKind is null || EventFacts.Of(delivery.Event).Event.Equals(wantedKind, StringComparison.OrdinalIgnoreCase))
            && (wantedText is null || Contains(delivery, wantedText));
    }

    private static bool Contains(Delivery delivery, string wanted)
    {
        var colon = wanted.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && wanted.StartsWith("header.", StringComparison.OrdinalIgnoreCase))
        {
            return EventFacts.Header(delivery.Event, wanted["header.".Length..colon])?.Contains(wanted[(colon + 1)..], StringComparison.OrdinalIgnoreCase) == true;
        }

        if (colon > 0 && wanted.StartsWith("body.", StringComparison.Ordinal))
        {
            return BodyPath.Find(Parsed(delivery.Event.Body.Span), wanted["body.".Length..colon]) is { } value
                && value.ToString().Contains(wanted[(colon + 1)..], StringComparison.OrdinalIgnoreCase);
        }

        return Encoding.UTF8.GetString(delivery.Event.Body.Span).Contains(wanted, StringComparison.OrdinalIgnoreCase)
            || delivery.Event.Path.Contains(wanted, StringComparison.OrdinalIgnoreCase)
            || delivery.Event.Headers.Any(header => header.Value.Contains(wanted, StringComparison.OrdinalIgnoreCase))
            || delivery.Triggers.Any(trigger => trigger.Name.Contains(wanted, StringComparison.OrdinalIgnoreCase)
                || trigger.Message.Contains(wanted, StringComparison.OrdinalIgnoreCase)
                || trigger.Explain.Contains(wanted, StringComparison.OrdinalIgnoreCase));
    }

    private static JsonNode? Parsed(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static DeliveryOutcome? Outcome(string? word) => word is null ? null
        : Enum.TryParse<DeliveryOutcome>(word.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var outcome)
            && Enum.IsDefined(outcome) ? outcome
        : throw new CliException($"\"{word}\" is not an outcome: fired, partial, no-match, rejected, error, no-triggers or pending", ExitCode.Usage);

    private static DateTimeOffset? Time(string? word)
    {
        if (word is null)
        {
            return null;
        }

        TimeSpan? unit = word[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => null,
        };
        return unit is { } one && double.TryParse(word[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            ? TimeProvider.System.GetUtcNow() - (one * count)
            : DateTimeOffset.TryParse(word, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at
            : throw new CliException($"\"{word}\" is not a time: 90s, 30m, 2h, 7d, or 2026-11-25T12:00:00Z", ExitCode.Usage);
    }

    private static Option<string?> Text(string name, string helpName, string description, params string[] aliases)
    {
        var option = new Option<string?>(name, aliases) { Description = description, HelpName = helpName };
        return option;
    }
}
