using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Rest;

/// <summary>Options of a list or watch, as they stand in the query string.</summary>
public sealed record ReadOptions(string? LabelSelector = null, string? FieldSelector = null)
{
    public int Limit { get; init; }

    public string? Continue { get; init; }

    public string ResourceVersion { get; init; } = "";

    public string? ResourceVersionMatch { get; init; }

    public bool? SendInitialEvents { get; init; }

    public bool AllowWatchBookmarks { get; init; }

    public TimeSpan? Timeout { get; init; }
}

/// <summary>A page of a list.</summary>
public sealed record ListPage(long Revision, IReadOnlyList<StoredObject> Items, string? Continue, long? Remaining);

/// <summary>One event for one watcher. A bookmark has no object; its revision and whether the initial events end there stand in its place.</summary>
public sealed record WatchNotice(WatchEventType Type, StoredObject? Object, StoreChange? Change, long Revision, bool EndsInitialEvents = false);

/// <summary>get, list and watch. Reads never wait for the disk.</summary>
public sealed class ReadVerbs(ObjectApi api)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromMinutes(1);

    public async ValueTask<StoredObject> GetAsync(Caller caller, Target target, string resourceVersion, CancellationToken cancellationToken)
    {
        api.Check(caller, "get", target);
        await ReachAsync(Revision(resourceVersion), cancellationToken);
        return Find(target);
    }

    internal StoredObject Find(Target target) => api.Store.Current.Find(target.Key) ?? throw Errors.NotFound(target.Type, target.Name);

    public async ValueTask<ListPage> ListAsync(Caller caller, Target target, ReadOptions options, CancellationToken cancellationToken)
    {
        api.Check(caller, "list", target);
        if (options.SendInitialEvents is not null)
        {
            throw Errors.InvalidOptions("ListOptions", "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list");
        }

        if (options.ResourceVersionMatch is not null && options.ResourceVersion.Length == 0)
        {
            throw Errors.InvalidOptions("ListOptions", "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
        }

        var selectors = Selectors.Parse(target.Kind, options.LabelSelector, options.FieldSelector);
        var (snapshot, start) = await PictureAsync(options, cancellationToken);
        var matching = snapshot.In(target.Key.Resource, target.Namespace)
            .Where(one => start is not { } after || Snapshot.Compare(one.Key.Object, after) > 0)
            .Where(one => target.Name.Length == 0 || one.Key.Name == target.Name)
            .Where(one => selectors.IsEverything || selectors.Match(one.Object));
        if (options.Limit <= 0)
        {
            return new ListPage(snapshot.Revision, [.. matching], null, null);
        }

        var all = matching.ToList();
        if (all.Count <= options.Limit)
        {
            return new ListPage(snapshot.Revision, all, null, null);
        }

        var page = all.GetRange(0, options.Limit);
        return new ListPage(snapshot.Revision, page, Token(snapshot.Revision, page[^1].Key.Object), selectors.IsEverything ? all.Count - page.Count : null);
    }

    /// <summary>Events until the time is up or the caller cancels. A 410 (too old, too slow) is thrown.</summary>
    public async IAsyncEnumerable<WatchNotice> WatchAsync(
        Caller caller, Target target, ReadOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        api.Check(caller, "watch", target);
        if (options.SendInitialEvents is not null && options.ResourceVersionMatch != "NotOlderThan")
        {
            throw Errors.InvalidOptions("ListOptions", "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }

        var selectors = Selectors.Parse(target.Kind, options.LabelSelector, options.FieldSelector);
        var from = Revision(options.ResourceVersion);
        await ReachAsync(from, cancellationToken);
        var sendsInitial = options.SendInitialEvents ?? from == 0;
        if (sendsInitial || options.SendInitialEvents == false)
        {
            var snapshot = api.Store.Current;
            from = options.SendInitialEvents == false && from > 0 ? from : snapshot.Revision;
            foreach (var one in sendsInitial ? snapshot.In(target.Key.Resource, target.Namespace) : [])
            {
                if (IsWanted(one, target, selectors))
                {
                    yield return new WatchNotice(WatchEventType.Added, one, null, one.Revision);
                }
            }

            if (options.SendInitialEvents == true)
            {
                yield return new WatchNotice(WatchEventType.Bookmark, null, null, snapshot.Revision, EndsInitialEvents: true);
            }
        }

        await foreach (var notice in LiveAsync(target, selectors, options, from, cancellationToken))
        {
            yield return notice;
        }
    }

    private async IAsyncEnumerable<WatchNotice> LiveAsync(
        Target target, Selectors selectors, ReadOptions options, long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var cursor = api.Store.Follow(target.Key.Resource, from);
        var end = api.Time.GetUtcNow() + (options.Timeout ?? TimeSpan.FromMinutes(45));
        var nextBookmark = api.Time.GetUtcNow() + BookmarkEvery;
        while (true)
        {
            var signal = cursor.NextSignal;
            var published = cursor.Published;
            while (cursor.TryNext() is { } change)
            {
                if (Notice(change, target, selectors) is { } notice)
                {
                    yield return notice;
                }
            }

            var now = api.Time.GetUtcNow();
            var isOver = now >= end;
            if (options.AllowWatchBookmarks && published >= from && (isOver || now >= nextBookmark))
            {
                nextBookmark = now + BookmarkEvery;
                yield return new WatchNotice(WatchEventType.Bookmark, null, null, published);
            }

            if (isOver)
            {
                yield break;
            }

            var wake = options.AllowWatchBookmarks && nextBookmark < end ? nextBookmark : end;
            await WaitAsync(signal, wake - now, cancellationToken);
        }
    }

    private async Task WaitAsync(Task signal, TimeSpan atMost, CancellationToken cancellationToken)
    {
        try
        {
            await signal.WaitAsync(atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, api.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Nothing changed: time for a bookmark, or for the end.
        }
    }

    private static bool IsWanted(StoredObject one, Target target, Selectors selectors) =>
        (target.Namespace.Length == 0 || one.Key.Namespace == target.Namespace)
        && (target.Name.Length == 0 || one.Key.Name == target.Name)
        && (selectors.IsEverything || selectors.Match(one.Object));

    /// <summary>A change as a watcher with selectors sees it: what starts to match is added, what stops matching is deleted.</summary>
    private static WatchNotice? Notice(StoreChange change, Target target, Selectors selectors)
    {
        var matched = change.Before is { } before && IsWanted(before, target, selectors);
        if (change.IsDeletion)
        {
            return matched ? new WatchNotice(WatchEventType.Deleted, change.After, change, change.Revision) : null;
        }

        return (matched, IsWanted(change.After, target, selectors)) switch
        {
            (false, true) => new WatchNotice(WatchEventType.Added, change.After, change, change.Revision),
            (true, true) => new WatchNotice(WatchEventType.Modified, change.After, change, change.Revision),
            (true, false) => new WatchNotice(WatchEventType.Deleted, Restamped(change), null, change.Revision),
            _ => null,
        };
    }

    /// <summary>The old, still matching object under the new revision.</summary>
    private static StoredObject Restamped(StoreChange change)
    {
        var last = change.Before!.Object.Copy();
        last.Ensure("metadata")["resourceVersion"] = change.Revision.ToString();
        return new StoredObject(change.Key, change.Revision, Encoding.UTF8.GetBytes(last.ToJsonString()));
    }

    private async ValueTask<(Snapshot Picture, ObjectKey? After)> PictureAsync(ReadOptions options, CancellationToken cancellationToken)
    {
        if (options.Continue is { Length: > 0 } token)
        {
            if (options.ResourceVersion is not ("" or "0"))
            {
                throw Errors.BadRequest("specifying resource version is not allowed when using continue");
            }

            var (revision, after) = Resume(token);
            if (revision < 0)
            {
                return (api.Store.Current, after);
            }

            return (api.Store.At(revision) ?? throw Expired(after), after);
        }

        var wanted = Revision(options.ResourceVersion);
        await ReachAsync(wanted, cancellationToken);
        if (options.ResourceVersionMatch != "Exact")
        {
            return (api.Store.Current, null);
        }

        return (api.Store.At(wanted) ?? throw new KubeException(410, "Expired", "The resourceVersion for the provided list is too old."), null);
    }

    private static KubeException Expired(ObjectKey after) => new(
        410, "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, "
        + $"or use the continue token in this response to retrieve the remainder of the results: {Token(-1, after)}");

    private static string Token(long revision, ObjectKey last)
    {
        var json = new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = revision, ["start"] = $"{last.Namespace}/{last.Name}\0" };
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(json.ToJsonString())).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    private static (long Revision, ObjectKey After) Resume(string token)
    {
        try
        {
            var padded = token.Replace('-', '+').Replace('_', '/');
            padded += new string('=', (4 - (padded.Length % 4)) % 4);
            var json = JsonNode.Parse(Convert.FromBase64String(padded));
            var start = (json.Text("start") ?? "").TrimEnd('\0');
            var slash = start.IndexOf('/', StringComparison.Ordinal);
            return json.Integer("rv") is { } revision && slash >= 0
                ? (revision, new ObjectKey(start[..slash], start[(slash + 1)..]))
                : throw new FormatException("no revision or start");
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            throw Errors.BadRequest($"invalid continue token: {exception.Message}");
        }
    }

    private static long Revision(string text)
    {
        if (text.Length == 0)
        {
            return 0;
        }

        return long.TryParse(text, out var revision) && revision >= 0
            ? revision
            : throw Errors.BadRequest($"invalid resource version: strconv.ParseUint: parsing \"{text}\": invalid syntax");
    }

    /// <summary>Waits until a revision is there, three seconds at most.</summary>
    private async ValueTask ReachAsync(long revision, CancellationToken cancellationToken)
    {
        var end = api.Time.GetUtcNow() + LongestWait;
        while (api.Store.Current.Revision < revision)
        {
            var now = api.Time.GetUtcNow();
            if (now >= end)
            {
                throw new KubeException(504, "Timeout", $"Timeout: Too large resource version: {revision}, current: {api.Store.Current.Revision}", new JsonObject
                {
                    ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
                    ["retryAfterSeconds"] = 1,
                });
            }

            var cursor = api.Store.Follow("", api.Store.Current.Revision);
            var signal = cursor.NextSignal;
            if (api.Store.Current.Revision < revision)
            {
                await WaitAsync(signal, end - now, cancellationToken);
            }
        }
    }
}
