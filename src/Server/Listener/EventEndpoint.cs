using System.Buffers;
using System.Text.Json.Nodes;
using Hikigane.Expressions.GoJson;
using Hikigane.Ledger;
using Hikigane.Resources;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Triggers.Selection;
using Hikigane.Triggers.Verdicts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hikigane.Server.Listener;

/// <summary>
/// The edge of a listener: route → time cap → door → size cap → append to the ledger → 202. An event that was answered with 202 is on disk; what
/// follows from it is decided afterwards (<see cref="DecisionLoop"/>) and never changes the answer.
/// </summary>
internal sealed class EventEndpoint(EndpointParts parts)
{
    private readonly SinkOptions options = parts.Options;
    private readonly ListenerCaches objects = parts.Objects;
    private readonly TimeProvider time = parts.Time;
    private readonly RefusedRequests refused = new(parts.Ledger, parts.Time);

    public async Task HandleAsync(HttpContext http)
    {
        // 1. Route.
        var since = time.GetTimestamp();
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var path = target.Split('?', 2)[0];
        if (Uri.UnescapeDataString(path) == "/live")
        {
            http.Response.ContentType = "text/plain; charset=utf-8";
            await http.Response.WriteAsync("ok", http.RequestAborted);
            return;
        }

        if (path.StartsWith('/') && ListenerPath.Clean(path) is var clean && clean != path)
        {
            await ListenerAnswer.MovedAsync(http, clean + target[path.Length..]);
            return;
        }

        // 2. Time cap over all of the rest. A sender that hangs up behind its request ends nothing: what it sent counts, and what is on
        // disk is decided.
        using var deadline = new CancellationTokenSource(options.HandlerTimeout, time);
        try
        {
            await ReceiveAsync(http, target, deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !http.Response.HasStarted)
        {
            await ListenerAnswer.TimedOutAsync(http);
        }
        finally
        {
            parts.Metrics.Answered(time.GetElapsedTime(since));
        }
    }

    private async Task ReceiveAsync(HttpContext http, string target, CancellationToken cancellationToken)
    {
        // 3. The door: who may come in, and how often.
        var listener = objects.Listener(new ObjectKey(options.Namespace, options.Name));
        var visitor = await parts.Door.AdmitAsync(http, listener, cancellationToken);
        if (visitor.Refusal is { } refusal)
        {
            await RefuseAsync(http, refusal, () => Record(http, target, visitor, default, listener), read: 0, cancellationToken);
            return;
        }

        // 4. The bytes, so many as may be, within the time that reading may take. They are held until the answer is given.
        using var share = visitor.Bodies.Hold();
        if (await ReadAsync(http, body => Record(http, target, visitor, body, listener), visitor, share, cancellationToken) is not { } body)
        {
            return;
        }

        if (options.ValidatesPayload && GoJsonReader.CheckObject(body.Span) is { } error)
        {
            parts.Metrics.Received(isAccepted: false);
            ShowId(http, await refused.RecordAsync(
                Causes.RequestNotJson, StatusCodes.Status400BadRequest, () => Record(http, target, visitor, body, listener),
                request => RequestVerdict.NotJson(request, error), cancellationToken));
            await ListenerAnswer.InvalidBodyAsync(http, options, error);
            return;
        }

        // 5. The listener has to exist and to make sense; what a trigger thinks of the event is decided later.
        var received = Record(http, target, visitor, body, listener);
        parts.Progress.Started(received);
        if (listener is null)
        {
            parts.Metrics.Received(isAccepted: false);
            parts.Progress.FailedEarly(received, $"eventlistener.triggers.tekton.dev \"{options.Name}\" not found");
            await RecordAsync(Causes.RefMissing, received, EventDecision.ListenerGone, cancellationToken);
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        if (TriggerSelection.Of(listener, objects.Lookups).Error is { } unusable)
        {
            parts.Progress.Failed(received, listener, unusable);
            await RecordAsync(Causes.ListenerInvalid, received, request => RequestVerdict.ListenerInvalid(request, unusable), cancellationToken);
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        // 6. On disk, then acknowledged, then decided; or decided first, where somebody waits for it.
        await parts.Ledger.AppendAsync(received, cancellationToken);
        parts.Metrics.Received(isAccepted: true);
        if (DecisionWaits.Wanted(visitor.Edge, http.Request) is { } longest)
        {
            var decision = parts.Waits.Expect(received.EventId);
            await parts.Decisions.AddAsync(received, CancellationToken.None);
            await parts.Waits.AnswerAsync(http, received.EventId, decision, longest < options.HandlerTimeout / 2 ? longest : options.HandlerTimeout / 2);
            await ListenerAnswer.AcceptedAsync(http, options, listener.Uid(), received.EventId);
            parts.Progress.Done(received, listener);
            return;
        }

        await ListenerAnswer.AcceptedAsync(http, options, listener.Uid(), received.EventId);
        await http.Response.CompleteAsync();
        parts.Progress.Done(received, listener);
        await parts.Decisions.AddAsync(received, CancellationToken.None);
    }

    /// <summary>The sender gets no reason, as upstream; the ledger has it.</summary>
    private Task<string?> RecordAsync(string cause, ReceivedEvent received, Func<ReceivedEvent, TriggerVerdict> why, CancellationToken cancellationToken) =>
        refused.RecordAsync(cause, StatusCodes.Status500InternalServerError, () => received, why, cancellationToken);

    /// <summary>Counted, put on record, answered. The size of the body is what the sender says, or as much as was read of it.</summary>
    private async Task RefuseAsync(HttpContext http, Refusal refusal, Func<ReceivedEvent> request, long read, CancellationToken cancellationToken)
    {
        parts.Metrics.Refused(refusal.Cause);
        var cause = refusal.Cause switch
        {
            "address" => Causes.RequestAddress,
            "rate" => Causes.RequestRate,
            "headers" => Causes.RequestHeaders,
            "certificate" => Causes.RequestCertificate,
            "credentials" => Causes.RequestCredentials,
            "size" => Causes.RequestTooLarge,
            "in-flight" => Causes.RequestFull,
            _ => Causes.ListenerInvalid,
        };
        ShowId(http, await refused.RecordAsync(
            cause, refusal.Status, () => request() with { BodyBytes = http.Request.ContentLength ?? read },
            received => cause == Causes.ListenerInvalid ? RequestVerdict.ListenerInvalid(received, refusal.Message) : RequestVerdict.AtTheDoor(received, cause, refusal.Message),
            cancellationToken));
        await ListenerAnswer.RefusedAsync(http, options, refusal);
    }

    private static void ShowId(HttpContext http, string? eventId)
    {
        if (eventId is not null)
        {
            http.Response.Headers["X-Event-Id"] = eventId;
        }
    }

    /// <summary>The body; null when the request was answered because it has none that can be taken.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadAsync(
        HttpContext http, Func<ReadOnlyMemory<byte>, ReceivedEvent> record, Visitor visitor, BodyBytes.Share share, CancellationToken cancellationToken)
    {
        var readTimeout = visitor.Edge.ReadTimeout ?? options.ReadTimeout;

        // What could never be held is too large for good: to come again later would not help.
        var most = Math.Min(visitor.Edge.MaxBodyBytes ?? options.MaxBodyBytes, visitor.Bodies.Most);
        try
        {
            using var slow = new CancellationTokenSource(readTimeout, time);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, slow.Token);
            var (body, bytes, refusal) = await ReadBodyAsync(http.Request, most, share, ending.Token);
            if (refusal is null)
            {
                return body;
            }

            await RefuseAsync(http, refusal, () => record(default), bytes, cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is OperationCanceledException or BadHttpRequestException or IOException)
        {
            parts.Metrics.Received(isAccepted: false);
            var received = record(default) with { BodyBytes = http.Request.ContentLength ?? 0 };
            parts.Progress.FailedEarly(received, exception.Message);
            var isSlow = exception is OperationCanceledException;

            // Time may be over; a record takes none to speak of.
            await RecordAsync(Causes.RequestUnreadable, received, request => RequestVerdict.Unreadable(request, isSlow, exception.Message), CancellationToken.None);
            if (isSlow && options.HandlerTimeout < readTimeout)
            {
                throw;
            }

            // Where both times are over at once, upstream's answer is late and empty.
            ListenerAnswer.Unreadable(http, isLate: isSlow && options.HandlerTimeout == readTimeout);
            return null;
        }
    }

    /// <summary>A body that is over a cap is refused, and the rest of it is not read. Either way, how much of it came.</summary>
    private static async Task<(ReadOnlyMemory<byte> Body, long Bytes, Refusal? Refusal)> ReadBodyAsync(
        HttpRequest request, long most, BodyBytes.Share share, CancellationToken cancellationToken)
    {
        if (request.ContentLength > most)
        {
            return (default, 0, TooLarge(most));
        }

        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > most || !share.Grow(read.Buffer.Length))
            {
                var (refusal, bytes) = (read.Buffer.Length > most ? TooLarge(most) : Full(), read.Buffer.Length);
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return (default, bytes, refusal);
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return (body, body.Length, null);
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static Refusal TooLarge(long most) =>
        new(StatusCodes.Status413PayloadTooLarge, "size", $"event body is larger than {most} bytes");

    private static Refusal Full() => new(
        StatusCodes.Status503ServiceUnavailable, "in-flight", "the listener holds as many bytes of event bodies as it may; send the event again later",
        RetryAfter: TimeSpan.FromSeconds(1));

    private ReceivedEvent Record(HttpContext http, string target, Visitor visitor, ReadOnlyMemory<byte> body, JsonObject? listener) => new()
    {
        // Version 7 rises with time, so the ledger's index of event IDs grows at its end instead of everywhere.
        EventId = Guid.CreateVersion7(time.GetUtcNow()).ToString(),
        ListenerNamespace = options.Namespace,
        ListenerName = options.Name,
        ListenerUid = listener?.Uid() ?? "",
        ReceivedAt = time.GetUtcNow(),
        RemoteAddress = visitor.Address.ToString(),
        HttpVersion = http.Request.Protocol,
        Method = http.Request.Method,
        Path = target,
        Headers = [.. http.Request.Headers.SelectMany(
            header => header.Value, (header, value) => new KeyValuePair<string, string>(header.Key, value ?? ""))],
        Body = body,
    };
}

/// <summary>What an endpoint works with.</summary>
internal sealed record EndpointParts
{
    public required SinkOptions Options { get; init; }

    public required ListenerCaches Objects { get; init; }

    public required ILedger Ledger { get; init; }

    public required DecisionLoop Decisions { get; init; }

    public required ProgressEvents Progress { get; init; }

    public required ListenerDoor Door { get; init; }

    public required SinkMetrics Metrics { get; init; }

    public required DecisionWaits Waits { get; init; }

    public required TimeProvider Time { get; init; }
}
