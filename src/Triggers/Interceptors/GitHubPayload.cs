using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Interceptors;

/// <summary>What the github interceptor reads from a payload. Errors are <see cref="FormatException"/>s with upstream's text.</summary>
internal sealed record GitHubPayload(string Owner, string Repository, long Number, JsonObject Body)
{
    /// <summary>Reads what the list of changed files needs.</summary>
    public static GitHubPayload ForFiles(string body, string eventType)
    {
        var payload = Decode(body, "body is empty");
        var number = eventType == "pull_request" ? ReadNumber(payload["number"], "pull_request body missing 'number' field") : 0;
        var (owner, repository) = FullName(payload);
        return new GitHubPayload(owner, repository, number, payload);
    }

    /// <summary>Reads what the check of owners needs.</summary>
    public static GitHubPayload ForOwners(string body, string eventType)
    {
        var payload = Decode(body, "payload body is empty");
        long number;
        if (eventType == "pull_request")
        {
            number = ReadNumber(payload["number"], "pull_request body missing 'number' field");
        }
        else
        {
            var issue = payload.Object("issue") ?? throw new FormatException("issue_comment body missing 'issue' section");
            number = ReadNumber(issue["number"], "'number' field missing in the issue section of issue_comment body");
            var comment = payload.Object("comment") ?? throw new FormatException("issue_comment body missing 'comment' section");
            _ = comment.Text("body") ?? throw new FormatException("'body' field missing in the comment section of issue_comment body");
        }

        var (owner, repository) = FullName(payload);
        _ = payload.Object("sender") ?? throw new FormatException("payload body missing 'sender' field");
        return new GitHubPayload(owner, repository, number, payload);
    }

    public string Sender => Body.Text("sender", "login") ?? "";

    public string Comment => Body.Text("comment", "body") ?? "";

    /// <summary>The files of a push: added, modified, removed of each commit in order, as often as they are named.</summary>
    public IReadOnlyList<string> PushedFiles()
    {
        var files = new List<string>();
        foreach (var commit in Body.Items("commits"))
        {
            foreach (var member in (ReadOnlySpan<string>)["added", "modified", "removed"])
            {
                var names = commit.At(member) as JsonArray ?? throw new FormatException($"payload body missing 'commits.*.{member}' field");
                files.AddRange(names.Select(name => name.Text() ?? ""));
            }
        }

        return files;
    }

    private static JsonObject Decode(string body, string whenEmpty)
    {
        if (body.Length == 0)
        {
            throw new FormatException(whenEmpty);
        }

        var (payload, error) = GoJsonReader.ReadObject(Encoding.UTF8.GetBytes(body));
        return error is null ? payload ?? [] : throw new FormatException(error);
    }

    // Upstream crashes when it is there but no number.
    private static long ReadNumber(JsonNode? node, string whenMissing) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        ? (long)value.GetValue<double>()
        : throw new FormatException(whenMissing);

    private static (string Owner, string Repository) FullName(JsonObject payload)
    {
        var repository = payload.Object("repository") ?? throw new FormatException("payload body missing 'repository' field");
        var fullName = repository.Text("full_name") ?? throw new FormatException("payload body missing 'repository.full_name' field");
        // Upstream crashes without a slash.
        return fullName.Split('/') is [var owner, var name, ..] ? (owner, name)
            : throw new FormatException("payload body field 'repository.full_name' is not of the form owner/name");
    }
}
