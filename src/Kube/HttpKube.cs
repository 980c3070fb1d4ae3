using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Kube;

/// <summary>
/// The conversation with an API over HTTP, objects as JSON of our own, so that fields we do not know survive. What the server asks to be tried again
/// later is tried again then; a token that it no longer takes is asked for anew, once. Any thread may call.
/// </summary>
public sealed class HttpKube : IKube, IDisposable
{
    private const int Attempts = 10;
    private const string PageSize = "500";
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestWatch = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan WatchGrace = TimeSpan.FromSeconds(30);

    private readonly HttpClient client;
    private readonly KubeConnection connection;
    private readonly TimeProvider time;

    public HttpKube(KubeConnection connection, TimeProvider? time = null)
    {
        this.connection = connection;
        this.time = time ?? TimeProvider.System;
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

    /// <summary>The same API as somebody else, over the same connections; the caller needs the right to impersonate.</summary>
    public HttpKube As(string userName) => new(connection with { ImpersonatedUser = userName }, time);

    /// <summary>A document that is no object, such as discovery's.</summary>
    public Task<JsonObject> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, cancellationToken);

    /// <summary>Lists in pages of 500, all at one revision; whole, where the pages' revision is gone before the last one.</summary>
    public async Task<ObjectList> ListAsync(ResourceType type, string? ns, ListQuery query, CancellationToken cancellationToken)
    {
        try
        {
            return await ListAsync(type, ns, query, PageSize, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsGone)
        {
            return await ListAsync(type, ns, query, "", cancellationToken);
        }
    }

    private async Task<ObjectList> ListAsync(ResourceType type, string? ns, ListQuery query, string pageSize, CancellationToken cancellationToken)
    {
        var items = new List<JsonObject>();
        string? next = null;
        while (true)
        {
            var path = type.Path(ns) + Query(("limit", pageSize), ("labelSelector", query.LabelSelector), ("fieldSelector", query.FieldSelector), ("continue", next));
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
        // Servers end watches sooner or later; one that ends when we said is no surprise, and one that hangs longer is given up.
        var length = ShortestWatch * (1 + Random.Shared.NextDouble());
        var path = type.Path(ns) + Query(
            ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", query.ResourceVersion),
            ("labelSelector", query.LabelSelector), ("fieldSelector", query.FieldSelector),
            ("timeoutSeconds", ((int)length.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        using var hanging = new CancellationTokenSource(length + WatchGrace, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, hanging.Token);
        using var response = await OpenAsync(HttpMethod.Get, path, null, ending.Token);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(ending.Token), Encoding.UTF8);
        while (await ReadLineAsync(reader, hanging, ending.Token) is { } line)
        {
            if (line.Length > 0 && Parse(line, path) is JsonObject change && change["object"] is JsonObject one)
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
        return SendAsync(HttpMethod.Post, path, new Content(manifest, "application/json"), cancellationToken);
    }

    public Task<JsonObject> UpdateAsync(ResourceType type, JsonObject manifest, CancellationToken cancellationToken, string? subresource = null) =>
        SendAsync(
            HttpMethod.Put, type.Path(manifest.Namespace(), Uri.EscapeDataString(manifest.Name()), subresource), new Content(manifest, "application/json"), cancellationToken);

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
        return SendAsync(HttpMethod.Patch, path, new Content(patch.Body, mediaType), cancellationToken);
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

        return SendAsync(HttpMethod.Delete, type.Path(key.Namespace, Uri.EscapeDataString(key.Name)), new Content(body, "application/json"), cancellationToken);
    }

    public void Dispose() => client.Dispose();

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, Content? content, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await OpenAsync(method, path, content, cancellationToken);
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonNode.ParseAsync(stream, cancellationToken: cancellationToken) as JsonObject
                ?? throw new KubeException(500, "InternalError", $"{method} {path}: the answer is not an object");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw Unreachable(method, path, exception);
        }
        catch (JsonException exception)
        {
            throw new KubeException(500, "InternalError", $"{method} {path}: the answer is not JSON: {exception.Message}");
        }
    }

    /// <summary>Sends until there is an answer that stands, up to its headers; a refusal is thrown.</summary>
    private async Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, Content? content, CancellationToken cancellationToken)
    {
        var isTokenFresh = false;
        for (var attempt = 1; ; attempt++)
        {
            using var request = await RequestAsync(method, path, content, cancellationToken);
            HttpResponseMessage response;
            var started = time.GetTimestamp();
            try
            {
                response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                Measure(method, (int)response.StatusCode, started);
            }
            catch (HttpRequestException exception)
            {
                throw Unreachable(method, path, exception);
            }

            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            using (response)
            {
                if ((int)response.StatusCode == 401 && !isTokenFresh && connection.Forget is { } forget)
                {
                    isTokenFresh = true;
                    forget();
                }
                else if (RetryAfter(response) is { } pause && attempt < Attempts)
                {
                    await Task.Delay(pause, time, cancellationToken);
                }
                else
                {
                    await RefuseAsync(response, cancellationToken);
                }
            }
        }
    }

    private void Measure(HttpMethod method, int status, long started)
    {
        KeyValuePair<string, object?> verb = new("http_request_method", method.Method);
        KeyValuePair<string, object?> server = new("server_address", connection.Server.Authority);
        KubeMetrics.RequestDuration.Record(time.GetElapsedTime(started).TotalSeconds, verb, server, new("url_scheme", connection.Server.Scheme));
        KubeMetrics.StatusCodes.Add(1, verb, server, new("http_response_status_code", status));
    }

    /// <summary>How long the server wants us to wait before we ask again; null: it does not want that.</summary>
    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        if ((int)response.StatusCode is not (429 or >= 500) || response.Headers.RetryAfter is not { } header)
        {
            return null;
        }

        var pause = header.Delta ?? header.Date - time.GetUtcNow() ?? TimeSpan.Zero;
        return pause < TimeSpan.Zero ? TimeSpan.Zero : pause < LongestRetryAfter ? pause : LongestRetryAfter;
    }

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationTokenSource hanging, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (hanging.IsCancellationRequested)
        {
            return null;
        }
        catch (HttpRequestException exception)
        {
            throw new KubeException(503, "ServiceUnavailable", "the watch broke off: " + exception.Message);
        }
    }

    private static JsonNode? Parse(string line, string path)
    {
        try
        {
            return JsonNode.Parse(line);
        }
        catch (JsonException)
        {
            // The last line of a stream that was cut.
            throw new KubeException(503, "ServiceUnavailable", $"GET {path}: the watch broke off");
        }
    }

    private static KubeException Unreachable(HttpMethod method, string path, Exception exception) =>
        new(503, "ServiceUnavailable", $"{method} {path}: {exception.Message}");

    private async Task<HttpRequestMessage> RequestAsync(HttpMethod method, string path, Content? content, CancellationToken cancellationToken)
    {
        // The client's defaults hold for requests that it makes itself, not for this one.
        var request = new HttpRequestMessage(method, path) { Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy };
        if (content is not null)
        {
            request.Content = new StringContent(content.Body.ToJsonString(), Encoding.UTF8, content.MediaType);
        }

        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (await connection.Token(cancellationToken) is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
        else if (connection.BasicCredential is { } basic)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", basic);
        }

        if (connection.ImpersonatedUser is { } user)
        {
            request.Headers.TryAddWithoutValidation("Impersonate-User", user);
        }

        return request;
    }

    private static async Task RefuseAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
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

    private sealed record Content(JsonNode Body, string MediaType);

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
