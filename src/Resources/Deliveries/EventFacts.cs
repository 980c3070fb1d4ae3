using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Resources.Json;

namespace Hikigane.Resources.Deliveries;

/// <summary>
/// What an event is about, read from its headers and its body, as its sender would say it: who sent which event about which repository, ref and
/// commit. Empty where the sender does not say. For lists, filters and de-duplication; triggers do not see it.
/// </summary>
public sealed record EventFacts
{
    /// <summary><c>github</c>, <c>gitea</c>, <c>gitlab</c>, <c>bitbucket</c>, <c>slack</c>, <c>azure</c>, <c>codecommit</c>, <c>cloudevents</c> or <c>generic</c>.</summary>
    public string Provider { get; init; } = "generic";

    /// <summary>The sender's own id of the delivery: <c>X-GitHub-Delivery</c> and its like.</summary>
    public string DeliveryId { get; init; } = "";

    /// <summary><c>push</c>, <c>pull_request</c>, <c>Merge Request Hook</c>, …</summary>
    public string Event { get; init; } = "";

    public string Action { get; init; } = "";

    public string Repository { get; init; } = "";

    public string Ref { get; init; } = "";

    public string Commit { get; init; } = "";

    public string Sender { get; init; } = "";

    /// <summary>Number of the pull or merge request.</summary>
    public string PullRequest { get; init; } = "";

    public string ContentType { get; init; } = "";

    /// <summary><c>json</c>, <c>form</c>, <c>binary</c> or <c>structured</c> (CloudEvents), <c>other</c>.</summary>
    public string Encoding { get; init; } = "";

    public static EventFacts Of(ReceivedEvent received)
    {
        var body = Body(received.Body.Span);
        var contentType = Header(received, "Content-Type") ?? "";
        var (provider, kind, id) = Sent(received, body);
        return new EventFacts
        {
            Provider = provider,
            DeliveryId = id ?? "",
            Event = kind ?? "",
            Action = body.Text("action") ?? body.Text("object_attributes", "action") ?? "",
            Repository = First(body,
                ["repository", "full_name"], ["project", "path_with_namespace"], ["repository", "fullName"], ["resource", "repository", "name"],
                ["pullRequest", "toRef", "repository", "slug"], ["repository", "slug"], ["repository", "url"], ["detail", "repositoryName"]),
            Ref = First(body,
                ["ref"], ["pull_request", "head", "ref"], ["object_attributes", "source_branch"], ["changes", "0", "ref", "id"],
                ["push", "changes", "0", "new", "name"], ["pullRequest", "fromRef", "id"], ["pullrequest", "source", "branch", "name"],
                ["resource", "refUpdates", "0", "name"], ["resource", "sourceRefName"], ["detail", "referenceFullName"]),
            Commit = First(body,
                ["head_commit", "id"], ["pull_request", "head", "sha"], ["after"], ["checkout_sha"], ["object_attributes", "last_commit", "id"],
                ["changes", "0", "toHash"], ["push", "changes", "0", "new", "target", "hash"], ["pullRequest", "fromRef", "latestCommit"],
                ["resource", "refUpdates", "0", "newObjectId"], ["resource", "lastMergeSourceCommit", "commitId"], ["detail", "commitId"]),
            Sender = First(body,
                ["sender", "login"], ["user_username"], ["user", "username"], ["actor", "nickname"], ["actor", "name"], ["user_name"],
                ["resource", "pushedBy", "displayName"], ["resource", "createdBy", "displayName"]),
            PullRequest = First(body,
                ["pull_request", "number"], ["number"], ["object_attributes", "iid"], ["pullRequest", "id"], ["pullrequest", "id"],
                ["resource", "pullRequestId"], ["issue", "number"]),
            ContentType = contentType,
            Encoding = EncodingOf(received, contentType, body),
        };
    }

    /// <summary><c>acme/api main #412 @1f3ac09</c></summary>
    public string Subject
    {
        get
        {
            string[] parts =
            [
                Repository, Ref, PullRequest.Length == 0 ? "" : "#" + PullRequest,
                Commit.Length == 0 ? "" : "@" + (Commit.Length > 12 ? Commit[..7] : Commit),
            ];
            return string.Join(' ', parts.Where(part => part.Length > 0));
        }
    }

    /// <summary>One JSON object without what is empty.</summary>
    public string ToJson() => ToObject().ToJsonString();

    public JsonObject ToObject()
    {
        var json = new JsonObject();
        foreach (var (name, value) in new[]
        {
            ("provider", Provider), ("deliveryID", DeliveryId), ("event", Event), ("action", Action), ("repository", Repository), ("ref", Ref),
            ("commit", Commit), ("sender", Sender), ("pullRequest", PullRequest), ("contentType", ContentType), ("encoding", Encoding),
        })
        {
            if (value.Length > 0)
            {
                json[name] = value;
            }
        }

        return json;
    }

    /// <summary>What <see cref="ToJson"/> wrote.</summary>
    public static EventFacts FromJson(string json)
    {
        var read = JsonNode.Parse(json);
        return new EventFacts
        {
            Provider = Value("provider"),
            DeliveryId = Value("deliveryID"),
            Event = Value("event"),
            Action = Value("action"),
            Repository = Value("repository"),
            Ref = Value("ref"),
            Commit = Value("commit"),
            Sender = Value("sender"),
            PullRequest = Value("pullRequest"),
            ContentType = Value("contentType"),
            Encoding = Value("encoding"),
        };

        string Value(string name) => read.Text(name) ?? "";
    }

    /// <summary>The first header of this name.</summary>
    public static string? Header(ReceivedEvent received, string name)
    {
        foreach (var header in received.Headers)
        {
            if (header.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return header.Value;
            }
        }

        return null;
    }

    /// <summary>Gitea and Forgejo send GitHub's headers too, so theirs are looked at first.</summary>
    private static (string Provider, string? Event, string? Id) Sent(ReceivedEvent received, JsonNode? body)
    {
        string? Of(string name) => Header(received, name);
        return Of("X-Forgejo-Event") is { } forgejo ? ("gitea", forgejo, Of("X-Forgejo-Delivery"))
            : Of("X-Gitea-Event") is { } gitea ? ("gitea", gitea, Of("X-Gitea-Delivery"))
            : Of("X-GitHub-Event") is { } github ? ("github", github, Of("X-GitHub-Delivery"))
            : Of("X-Gitlab-Event") is { } gitlab ? ("gitlab", gitlab, Of("Idempotency-Key") ?? Of("X-Gitlab-Event-UUID"))
            : Of("X-Event-Key") is { } bitbucket ? ("bitbucket", bitbucket, Of("X-Request-UUID") ?? Of("X-Request-Id"))
            : Of("X-Slack-Signature") is not null ? ("slack", body.Text("type"), body.Text("event_id"))
            : Of("Ce-Type") is { } type ? ("cloudevents", type, Of("Ce-Id"))
            : Of("X-Amz-Sns-Message-Id") is { } message ? ("codecommit", body.Text("detail-type") ?? Of("X-Amz-Sns-Message-Type"), message)
            : body.Text("specversion") is not null && body.Text("type") is { } structured ? ("cloudevents", structured, body.Text("id"))
            : body.Text("publisherId") == "tfs" ? ("azure", body.Text("eventType"), body.Text("id"))
            : body.Text("source") == "aws.codecommit" ? ("codecommit", body.Text("detail", "event") ?? body.Text("detail-type"), body.Text("id"))
            : ("generic", null, null);
    }

    private static string EncodingOf(ReceivedEvent received, string contentType, JsonNode? body) =>
        contentType.StartsWith("application/cloudevents", StringComparison.OrdinalIgnoreCase) ? "structured"
        : Header(received, "Ce-Specversion") is not null ? "binary"
        : contentType.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) ? "form"
        : body is not null ? "json"
        : "other";

    private static string First(JsonNode? body, params ReadOnlySpan<string[]> paths)
    {
        if (body is not null)
        {
            foreach (var path in paths)
            {
                if (Value(body, path) is JsonValue value)
                {
                    return value.ToString();
                }
            }
        }

        return "";
    }

    private static JsonNode? Value(JsonNode? node, string[] path)
    {
        foreach (var name in path)
        {
            node = node switch
            {
                JsonObject members => members[name],
                JsonArray { Count: > 0 } items when name == "0" => items[0],
                _ => null,
            };
        }

        return node;
    }

    // Not System.Text.Json's own reader: a repeated key would throw later, at the first look into the object.
    private static JsonObject? Body(ReadOnlySpan<byte> body) => GoJsonReader.ReadObject(body).Node;
}
