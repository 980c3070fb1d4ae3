using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Cli.Testing;

/// <summary>A file of cases: the manifests under test, and events with what is expected of them. Paths are relative to the file.</summary>
internal sealed record TriggerCases(IReadOnlyList<string> Files, string? Listener, string? Namespace, IReadOnlyList<TriggerCase> Cases)
{
    private static readonly string[] Keys = ["files", "listener", "namespace", "cases"];

    public static TriggerCases Read(string path)
    {
        if (InputFile.Manifests(path).ToList() is not [var root])
        {
            throw new UnusableInputException($"{path}: expected one YAML document");
        }

        var folder = path == "-" ? "." : Path.GetDirectoryName(Path.GetFullPath(path))!;
        TriggerCase.Refuse(root, Keys, path);
        if (root["cases"] is not JsonArray { Count: > 0 })
        {
            throw new UnusableInputException($"{path}: there are no cases");
        }

        return new TriggerCases(
            [.. root.Items("files").Select(file => Path.Combine(folder, file.Text() ?? ""))],
            root.Text("listener"),
            root.Text("namespace"),
            [.. root.Items("cases").Select((one, index) => TriggerCase.Read(one as JsonObject ?? [], $"{path}: cases[{index}]", folder))]);
    }
}

/// <summary>An event and what is expected to become of it.</summary>
internal sealed record TriggerCase
{
    private static readonly string[] Keys = ["name", "event", "method", "path", "headers", "body", "sign", "expect"];
    private static readonly string[] ExpectationKeys = ["outcome", "triggers", "objects"];
    private static readonly string[] TriggerKeys = ["outcome", "cause", "message", "params"];
    private static readonly string[] Outcomes = ["fired", "partial", "nomatch", "rejected", "error", "notriggers"];
    private static readonly string[] TriggerOutcomes = ["fired", "filtered", "rejected", "error", "notselected"];

    public required string Name { get; init; }

    public required TestEvent Event { get; init; }

    public bool IsSigned { get; init; }

    /// <summary>The outcome of the event; empty when nothing is said of it.</summary>
    public string Outcome { get; init; } = "";

    /// <summary>Name → outcome, cause, message, params.</summary>
    public JsonObject Triggers { get; init; } = [];

    /// <summary>The objects in the order of their creation; null when nothing is said of them.</summary>
    public JsonArray? Objects { get; init; }

    public static TriggerCase Read(JsonObject one, string where, string folder)
    {
        Refuse(one, Keys, where);
        var expect = one.Object("expect") ?? throw new UnusableInputException($"{where}: nothing is expected: add expect");
        Refuse(expect, ExpectationKeys, $"{where}: expect");
        foreach (var (name, trigger) in expect.Object("triggers") ?? [])
        {
            Refuse(trigger as JsonObject ?? [], TriggerKeys, $"{where}: expect.triggers.{name}");
            CheckOutcome(trigger.Text("outcome"), TriggerOutcomes, $"{where}: expect.triggers.{name}");
        }

        CheckOutcome(expect.Text("outcome"), Outcomes, $"{where}: expect");
        return new TriggerCase
        {
            Name = one.Text("name") ?? where[(where.LastIndexOf(' ') + 1)..],
            Event = EventOf(one, folder),
            IsSigned = one.Flag("sign"),
            Outcome = Plain(expect.Text("outcome") ?? ""),
            Triggers = expect.Object("triggers") ?? [],
            Objects = expect["objects"] as JsonArray,
        };
    }

    /// <summary>Outcomes are written with or without spaces and hyphens, in any case: <c>NO MATCH</c>, <c>no-match</c>.</summary>
    public static string Plain(string outcome) => outcome.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>A key that nobody reads is a slip, and a test that checks nothing.</summary>
    public static void Refuse(JsonObject one, string[] keys, string where)
    {
        var wrong = one.Select(pair => pair.Key).Except(keys).ToList();
        if (wrong.Count > 0)
        {
            throw new UnusableInputException($"{where}: unknown {string.Join(", ", wrong)}: there are {string.Join(", ", keys)}");
        }
    }

    private static void CheckOutcome(string? outcome, string[] known, string where)
    {
        if (outcome is not null && !known.Contains(Plain(outcome)))
        {
            throw new UnusableInputException($"{where}: no outcome is called \"{outcome}\": there are {string.Join(", ", known)}");
        }
    }

    private static TestEvent EventOf(JsonObject one, string folder)
    {
        var given = one.Text("event") is { } file ? TestEvent.Read(Path.Combine(folder, file)) : TestEvent.Empty;
        if (one.TryGetPropertyValue("body", out var body))
        {
            // Text is sent as it is; anything else is sent as JSON.
            given = given.With("Content-Type", "application/json") with { Body = Encoding.UTF8.GetBytes(body.Text() ?? body?.ToJsonString() ?? "") };
        }

        given = given with { Method = one.Text("method") ?? given.Method, Path = one.Text("path") ?? given.Path };
        return (one.Object("headers") ?? []).Aggregate(given, (built, header) => built.With(header.Key, header.Value.Text() ?? header.Value?.ToJsonString() ?? ""));
    }
}
