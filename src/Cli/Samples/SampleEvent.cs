using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Cli.Ledgers;

namespace Hikigane.Cli.Samples;

/// <summary>
/// A request as a hosting service would send it: its headers, a realistic body and, with a secret, its signature. The header names and signing
/// rules are those of the services' own documentation.
/// </summary>
internal sealed record SampleEvent
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Dictionary<string, (string Resource, string EventHeader, string Event)> Catalogue = new()
    {
        ["github/push"] = ("github-push.json", "X-GitHub-Event", "push"),
        ["github/tag"] = ("github-tag.json", "X-GitHub-Event", "push"),
        ["github/pull_request"] = ("github-pull_request.json", "X-GitHub-Event", "pull_request"),
        ["github/issue_comment"] = ("github-issue_comment.json", "X-GitHub-Event", "issue_comment"),
        ["github/release"] = ("github-release.json", "X-GitHub-Event", "release"),
        ["github/ping"] = ("github-ping.json", "X-GitHub-Event", "ping"),
        ["gitlab/push"] = ("gitlab-push.json", "X-Gitlab-Event", "Push Hook"),
        ["gitlab/tag_push"] = ("gitlab-tag_push.json", "X-Gitlab-Event", "Tag Push Hook"),
        ["gitlab/merge_request"] = ("gitlab-merge_request.json", "X-Gitlab-Event", "Merge Request Hook"),
        ["gitlab/note"] = ("gitlab-note.json", "X-Gitlab-Event", "Note Hook"),
        ["bitbucket-server/push"] = ("bitbucket-server-push.json", "X-Event-Key", "repo:refs_changed"),
        ["bitbucket-server/pull_request"] = ("bitbucket-server-pull_request.json", "X-Event-Key", "pr:opened"),
        ["bitbucket-cloud/push"] = ("bitbucket-cloud-push.json", "X-Event-Key", "repo:push"),
        ["bitbucket-cloud/pull_request"] = ("bitbucket-cloud-pull_request.json", "X-Event-Key", "pullrequest:created"),
        ["gitea/push"] = ("gitea-push.json", "X-Gitea-Event", "push"),
        ["gitea/pull_request"] = ("gitea-pull_request.json", "X-Gitea-Event", "pull_request"),
        ["forgejo/push"] = ("gitea-push.json", "X-Forgejo-Event", "push"),
        ["forgejo/pull_request"] = ("gitea-pull_request.json", "X-Forgejo-Event", "pull_request"),
        ["azure/push"] = ("azure-push.json", "", ""),
        ["azure/pull_request"] = ("azure-pull_request.json", "", ""),
        ["codecommit/push"] = ("codecommit-push.json", "", ""),
        ["slack/command"] = ("slack-command.txt", "", ""),
        ["cloudevents/push"] = ("cloudevents-push.json", "", ""),
        ["generic/push"] = ("generic-push.json", "", ""),
    };

    public required string Kind { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    public required string Body { get; init; }

    /// <summary>All that there are, as <c>SERVICE/EVENT</c>.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. Catalogue.Keys];

    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <param name="changes"><c>body.path=value</c> and <c>header.Name=value</c>.</param>
    /// <param name="secret">What the service signs with; null: no signature.</param>
    public static SampleEvent Of(string kind, IReadOnlyList<string> changes, string? secret, DateTimeOffset now)
    {
        if (!Catalogue.TryGetValue(kind, out var entry))
        {
            throw new CliException($"there is no sample \"{kind}\": {string.Join(", ", Kinds)}", ExitCode.Usage);
        }

        var (body, headerChanges) = Changed(Resource(entry.Resource), changes);
        var headers = new List<KeyValuePair<string, string>>(SentHeaders(kind, entry.EventHeader, entry.Event));
        if (secret is not null && Signature(kind, body, secret, now) is { } signed)
        {
            headers.AddRange(signed);
        }

        foreach (var (name, value) in headerChanges)
        {
            headers.RemoveAll(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
            headers.Add(new(name, value));
        }

        return new SampleEvent { Kind = kind, Headers = headers, Body = body };
    }

    /// <summary>Applies <c>--set</c> to a body; what begins with <c>header.</c> is returned for the caller.</summary>
    public static (string Body, IReadOnlyList<(string Name, string Value)> Headers) Changed(string body, IReadOnlyList<string> changes)
    {
        var headers = new List<(string, string)>();
        JsonObject? root = null;
        foreach (var change in changes)
        {
            var equals = change.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new CliException($"\"{change}\" is not PATH=VALUE", ExitCode.Usage);
            }

            var (path, value) = (change[..equals], change[(equals + 1)..]);
            if (path.StartsWith("header.", StringComparison.OrdinalIgnoreCase))
            {
                headers.Add((path["header.".Length..], value));
                continue;
            }

            root ??= Parsed(body);
            BodyPath.Set(root, path.StartsWith("body.", StringComparison.Ordinal) ? path["body.".Length..] : path, value);
        }

        return (root is null ? body : root.ToJsonString(Readable), headers);
    }

    /// <summary>The command that sends the same bytes, for a shell.</summary>
    public string Curl(Uri url)
    {
        var command = new StringBuilder("curl -X POST ").Append(Quoted(url.ToString()));
        foreach (var header in Headers)
        {
            command.Append(" \\\n  -H ").Append(Quoted($"{header.Key}: {header.Value}"));
        }

        return command.Append(" \\\n  --data-binary ").Append(Quoted(Body)).ToString();
    }

    private static JsonObject Parsed(string body)
    {
        try
        {
            return JsonNode.Parse(body) as JsonObject ?? throw new CliException("the body is not a JSON object: only header.Name=VALUE can be set", ExitCode.Usage);
        }
        catch (JsonException)
        {
            throw new CliException("the body is not JSON: only header.Name=VALUE can be set", ExitCode.Usage);
        }
    }

    private static string Resource(string name)
    {
        using var stream = typeof(SampleEvent).Assembly.GetManifestResourceStream("samples/" + name)
            ?? throw new InvalidOperationException($"{name} is not part of this program");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().TrimEnd('\n');
    }

    private static IEnumerable<KeyValuePair<string, string>> SentHeaders(string kind, string eventHeader, string name)
    {
        var service = kind[..kind.IndexOf('/', StringComparison.Ordinal)];
        var id = Guid.NewGuid().ToString();
        yield return new("Content-Type", service switch
        {
            "slack" => "application/x-www-form-urlencoded",
            "cloudevents" => "application/cloudevents+json",
            "codecommit" => "text/plain; charset=UTF-8",
            _ => "application/json",
        });
        yield return new("User-Agent", service switch
        {
            "github" => "GitHub-Hookshot/8f1c2d3",
            "gitlab" => "GitLab/18.6.0",
            "bitbucket-server" => "Atlassian HttpClient 4.2.0 / Bitbucket-9.4.0",
            "bitbucket-cloud" => "Bitbucket-Webhooks/2.0",
            "gitea" => "Gitea/1.25",
            "forgejo" => "Forgejo/13.0",
            "azure" => "VSServices/19.259",
            "codecommit" => "Amazon Simple Notification Service Agent",
            "slack" => "Slackbot 1.0 (+https://api.slack.com/robots)",
            _ => "hikigane",
        });
        if (eventHeader.Length > 0)
        {
            yield return new(eventHeader, name);
        }

        (string, string)[] more = service switch
        {
            "github" => [("X-GitHub-Delivery", id), ("X-GitHub-Hook-ID", "30")],
            "gitlab" => [("X-Gitlab-Event-UUID", id), ("Idempotency-Key", Guid.NewGuid().ToString()), ("X-Gitlab-Instance", "https://gitlab.example.com")],
            "bitbucket-server" => [("X-Request-Id", id)],
            "bitbucket-cloud" => [("X-Request-UUID", id), ("X-Hook-UUID", Guid.NewGuid().ToString()), ("X-Attempt-Number", "1")],
            "gitea" => [("X-Gitea-Delivery", id), ("X-GitHub-Event", name), ("X-GitHub-Delivery", id), ("X-Gogs-Event", name)],
            "forgejo" => [("X-Forgejo-Delivery", id), ("X-Gitea-Event", name), ("X-Gitea-Delivery", id), ("X-GitHub-Event", name), ("X-GitHub-Delivery", id)],
            "codecommit" => [("X-Amz-Sns-Message-Type", "Notification"), ("X-Amz-Sns-Message-Id", id), ("X-Amz-Sns-Rawdelivery", "true")],
            _ => [],
        };
        foreach (var (header, value) in more)
        {
            yield return new(header, value);
        }
    }

    private static IReadOnlyList<KeyValuePair<string, string>>? Signature(string kind, string body, string secret, DateTimeOffset now)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var key = Encoding.UTF8.GetBytes(secret);
        string Hmac(byte[] over) => Convert.ToHexStringLower(HMACSHA256.HashData(key, over));
        switch (kind[..kind.IndexOf('/', StringComparison.Ordinal)])
        {
            case "github":
#pragma warning disable CA5350 // GitHub still sends the old one beside the new one
                return [new("X-Hub-Signature", "sha1=" + Convert.ToHexStringLower(HMACSHA1.HashData(key, bytes))), new("X-Hub-Signature-256", "sha256=" + Hmac(bytes))];
#pragma warning restore CA5350
            case "gitlab":
                return [new("X-Gitlab-Token", secret)];
            case "bitbucket-server" or "bitbucket-cloud":
                return [new("X-Hub-Signature", "sha256=" + Hmac(bytes))];
            case "gitea":
                return [new("X-Gitea-Signature", Hmac(bytes)), new("X-Hub-Signature-256", "sha256=" + Hmac(bytes))];
            case "forgejo":
                return [new("X-Forgejo-Signature", Hmac(bytes)), new("X-Gitea-Signature", Hmac(bytes)), new("X-Hub-Signature-256", "sha256=" + Hmac(bytes))];
            case "azure":
                return [new("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("hook:" + secret)))];
            case "slack":
                var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
                return [new("X-Slack-Request-Timestamp", timestamp), new("X-Slack-Signature", "v0=" + Hmac(Encoding.UTF8.GetBytes($"v0:{timestamp}:{body}")))];
            default:
                return null;
        }
    }

    private static string Quoted(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
