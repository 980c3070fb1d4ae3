using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Kube;

/// <summary>The conversation with an API over HTTP, objects as JSON of our own, so that fields we do not know survive. Any thread may call.</summary>
public sealed class HttpKube : IKube, IDisposable
{
    private readonly HttpClient client;
    private readonly KubeConnection connection;

    public HttpKube(KubeConnection connection)
    {
        this.connection = connection;
        client = new HttpClient(connection.CreateHandler())
        {
            BaseAddress = connection.Server,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = System.Net.HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("hikigane");
    }

    public Task<JsonObject> GetAsync(ResourceType type, string? ns, string name, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, type.Path(ns, Uri.EscapeDataString(name)), null, cancellationToken);

    /// <summary>Lists in pages of 500, all at one revision.</summary>
    public async Task<ObjectList> ListAsync(ResourceType type, string? ns, ListQuery query, CancellationToken cancellationToken)
    {
        var items = new List<JsonObject>();
        string? next = null;
        while (true)
        {
            var path = type.Path(ns) + Query(("limit", "500"), ("labelSelector", query.LabelSelector), ("fieldSelector", query.FieldSelector), ("continue", next));
            var page = await SendAsync(HttpMethod.Get, path, null, cancellationToken);
            foreach (var item in page.Objects("items").ToList())
            {
                // Items of built-in lists come without kind and version.
                item["apiVersion"] ??= type.ApiVersion;
                item["kind"] ??= type.Kind;
                items.Add(item);
            }

            // An item stands alone: it has no parent.
            (page["items"] as JsonArray)?.Clear();
            next = page.Text("metadata", "continue");
            if (string.IsNullOrEmpty(next))
            {
                return new ObjectList(page.Text("metadata", "resourceVersion") ?? "", items);
            }
        }
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        ResourceType type, string? ns, WatchQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = type.Path(ns) + Query(
            ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", query.ResourceVersion),
            ("labelSelector", query.LabelSelector), ("fieldSelector", query.FieldSelector));
        using var request = await RequestAsync(HttpMethod.Get, path, null, cancellationToken);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await RefuseAsync(response, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length > 0 && JsonNode.Parse(line) is JsonObject change && change["object"] is JsonObject one)
            {
                yield return Event(change.Text("type"), one);
            }
        }
    }

    public Task<JsonObject> CreateAsync(
        ResourceType type, string? ns, JsonObject manifest, CancellationToken cancellationToken, string? name = null, string? subresource = null)
    {
        var scope = ns ?? (manifest.Namespace() is { Length: > 0 } own ? own : null);
        var path = subresource is null ? type.Path(scope) : type.Path(scope, Uri.EscapeDataString(name ?? manifest.Name()), subresource);
        return SendAsync(HttpMethod.Post, path, Json(manifest, "application/json"), cancellationToken);
    }

    public Task<JsonObject> UpdateAsync(ResourceType type, JsonObject manifest, CancellationToken cancellationToken, string? subresource = null) =>
        SendAsync(
            HttpMethod.Put, type.Path(manifest.Namespace(), Uri.EscapeDataString(manifest.Name()), subresource), Json(manifest, "application/json"), cancellationToken);

    public Task<JsonObject> PatchAsync(ResourceType type, ObjectKey key, Patch patch, CancellationToken cancellationToken, string? subresource = null)
    {
        var mediaType = patch.Kind switch
        {
            PatchKind.Json => "application/json-patch+json",
            PatchKind.Merge => "application/merge-patch+json",
            PatchKind.Strategic => "application/strategic-merge-patch+json",
            _ => "application/apply-patch+yaml",
        };
        var path = type.Path(key.Namespace, Uri.EscapeDataString(key.Name), subresource)
            + Query(("fieldManager", patch.FieldManager), ("force", patch.Force ? "true" : null));
        return SendAsync(HttpMethod.Patch, path, Json(patch.Body, mediaType), cancellationToken);
    }

    public Task DeleteAsync(ResourceType type, ObjectKey key, DeleteQuery query, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["kind"] = "DeleteOptions", ["apiVersion"] = "v1" };
        if (query.Uid is not null)
        {
            body["preconditions"] = new JsonObject { ["uid"] = query.Uid };
        }

        if (query.Propagation is not null)
        {
            body["propagationPolicy"] = query.Propagation;
        }

        if (query.GracePeriodSeconds is { } seconds)
        {
            body["gracePeriodSeconds"] = seconds;
        }

        return SendAsync(HttpMethod.Delete, type.Path(key.Namespace, Uri.EscapeDataString(key.Name)), Json(body, "application/json"), cancellationToken);
    }

    public void Dispose() => client.Dispose();

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = await RequestAsync(method, path, content, cancellationToken);
        try
        {
            using var response = await client.SendAsync(request, cancellationToken);
            await RefuseAsync(response, cancellationToken);
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonNode.ParseAsync(stream, cancellationToken: cancellationToken) as JsonObject
                ?? throw new KubeException(500, "InternalError", $"{method} {path}: the answer is not an object");
        }
        catch (HttpRequestException exception)
        {
            throw new KubeException(503, "ServiceUnavailable", $"{method} {path}: {exception.Message}");
        }
        catch (JsonException exception)
        {
            throw new KubeException(500, "InternalError", $"{method} {path}: the answer is not JSON: {exception.Message}");
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (await connection.Token(cancellationToken) is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    private static async Task RefuseAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        JsonNode? status = null;
        try
        {
            status = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            // A proxy or a plain-text answer.
        }

        throw status.Text("kind") == "Status" ? Refusal(status) : new KubeException((int)response.StatusCode, "", text.Trim());
    }

    private static WatchEvent Event(string? type, JsonObject one) => type switch
    {
        "ADDED" => new WatchEvent(WatchEventType.Added, Own(one)),
        "MODIFIED" => new WatchEvent(WatchEventType.Modified, Own(one)),
        "DELETED" => new WatchEvent(WatchEventType.Deleted, Own(one)),
        "BOOKMARK" => new WatchEvent(WatchEventType.Bookmark, Own(one)),
        _ => throw Refusal(one),
    };

    private static JsonObject Own(JsonObject one)
    {
        (one.Parent as JsonObject)?.Remove("object");
        return one;
    }

    private static KubeException Refusal(JsonNode? status) => new(
        (int)(status.Integer("code") ?? 500), status.Text("reason") ?? "", status.Text("message") ?? "", status.Object("details")?.Copy());

    private static StringContent Json(JsonNode body, string mediaType) => new(body.ToJsonString(), Encoding.UTF8, mediaType);

    private static string Query(params ReadOnlySpan<(string Name, string? Value)> values)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in values)
        {
            if (!string.IsNullOrEmpty(value))
            {
                text.Append(text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }

        return text.ToString();
    }
}
