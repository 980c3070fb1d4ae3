using System.Text;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Microsoft.AspNetCore.Http;

namespace Hikigane.ApiServer.Rest;

/// <summary>
/// A watch as a stream of lines. All watchers of a change send the same bytes. A client that does not read is held by the connection's own
/// window, falls behind the log, and is cut off with a 410.
/// </summary>
internal sealed class WatchAnswer(ObjectApi api, ApiHooks hooks, HttpContext context, Target target, Negotiation negotiated)
{
    private bool hasSentColumns;

    public async Task RunAsync(Caller caller, ReadOptions options, CancellationToken cancellationToken)
    {
        var response = context.Response;
        await using var notices = api.Reads.WatchAsync(caller, target, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        try
        {
            // The headers go out before there is an event, but a refusal must still be able to be a plain answer.
            var first = notices.MoveNextAsync().AsTask();
            if (first.IsFaulted)
            {
                await first;
            }

            response.StatusCode = 200;
            response.ContentType = "application/json";
            await response.Body.FlushAsync(cancellationToken);
            var more = await first;
            while (more)
            {
                await response.BodyWriter.WriteAsync(Line(notices.Current), cancellationToken);
                more = await notices.MoveNextAsync();
            }
        }
        catch (KubeException refusal) when (response.HasStarted || refusal.Code is 410 or 504)
        {
            response.ContentType = "application/json";
            await response.BodyWriter.WriteAsync(Event("ERROR", refusal.ToStatus()), cancellationToken);
        }
    }

    private ReadOnlyMemory<byte> Line(WatchNotice notice)
    {
        var type = notice.Type switch
        {
            WatchEventType.Added => "ADDED",
            WatchEventType.Modified => "MODIFIED",
            WatchEventType.Deleted => "DELETED",
            _ => "BOOKMARK",
        };
        if (notice.Object is not { } stored)
        {
            return Event(type, Bookmark(notice));
        }

        if (negotiated.As is not null)
        {
            return Event(type, Transformed(ObjectApi.As(stored, target)));
        }

        if (target.Type != target.Kind.Type)
        {
            return Event(type, ObjectApi.As(stored, target));
        }

        return notice.Change is { } change ? change.Line(notice.Type) : StoreChange.Encode(Encoding.ASCII.GetBytes(type), stored);
    }

    private JsonNode Transformed(JsonObject one)
    {
        var include = context.Request.Query["includeObject"].ToString() is { Length: > 0 } given ? given : "Metadata";
        var representation = new Representation(negotiated.As!, negotiated.Version, target, [one], null, include, !hasSentColumns, api.Time.GetUtcNow());
        hasSentColumns = true;
        return hooks.Transform!(representation) ?? one;
    }

    private JsonObject Bookmark(WatchNotice notice)
    {
        var metadata = new JsonObject { ["resourceVersion"] = notice.Revision.ToString(), ["creationTimestamp"] = null };
        if (notice.EndsInitialEvents)
        {
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        }

        var (kind, version) = negotiated.As switch
        {
            null => (target.Type.Kind, target.Type.ApiVersion),
            "Table" => ("Table", $"meta.k8s.io/{negotiated.Version}"),
            _ => ("PartialObjectMetadata", $"meta.k8s.io/{negotiated.Version}"),
        };
        return new JsonObject { ["kind"] = kind, ["apiVersion"] = version, ["metadata"] = metadata };
    }

    private static byte[] Event(string type, JsonNode one) => Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"object\":{one.ToJsonString()}}}\n");
}
