using System.Buffers;
using Hikigane.Expressions.GoJson;
using Hikigane.Ledger;
using Hikigane.Resources;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Json;
using Hikigane.Triggers.Selection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hikigane.Server.Listener;

/// <summary>
/// The edge of a listener: size cap → time cap → route → append to the ledger → 202. An event that was answered with 202 is on disk; what
/// follows from it is decided afterwards (<see cref="DecisionLoop"/>) and never changes the answer.
/// </summary>
internal sealed class EventEndpoint(EndpointParts parts)
{
    private readonly SinkOptions options = parts.Options;
    private readonly ListenerCaches objects = parts.Objects;
    private readonly TimeProvider time = parts.Time;

    public async Task HandleAsync(HttpContext http)
    {
        // 1. Route.
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

        // 2. Time cap over all of the rest.
        using var deadline = new CancellationTokenSource(options.HandlerTimeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, deadline.Token);
        try
        {
            await ReceiveAsync(http, target, ending.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !http.Response.HasStarted)
        {
            await ListenerAnswer.TimedOutAsync(http);
        }
    }

    private async Task ReceiveAsync(HttpContext http, string target, CancellationToken cancellationToken)
    {
        // 3. Size cap, then the bytes, within the time that reading may take.
        ReadOnlyMemory<byte> body;
        try
        {
            using var slow = new CancellationTokenSource(options.ReadTimeout, time);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, slow.Token);
            if (await ReadBodyAsync(http.Request, ending.Token) is not { } whole)
            {
                await ListenerAnswer.TooLargeAsync(http, options);
                return;
            }

            body = whole;
        }
        catch (Exception exception) when (exception is OperationCanceledException or BadHttpRequestException or IOException
            && !http.RequestAborted.IsCancellationRequested)
        {
            parts.Progress.FailedEarly(Record(http, target, default, ""), exception.Message);
            var isSlow = exception is OperationCanceledException;
            if (isSlow && options.HandlerTimeout < options.ReadTimeout)
            {
                throw;
            }

            // Where both times are over at once, upstream's answer is late and empty.
            ListenerAnswer.Unreadable(http, isLate: isSlow && options.HandlerTimeout == options.ReadTimeout);
            return;
        }

        if (options.ValidatesPayload && GoJsonReader.CheckObject(body.Span) is { } error)
        {
            await ListenerAnswer.InvalidBodyAsync(http, options, error);
            return;
        }

        // 4. The listener has to exist and to make sense; what a trigger thinks of the event is decided later.
        var listener = objects.Listener(new ObjectKey(options.Namespace, options.Name));
        var received = Record(http, target, body, listener?.Uid() ?? "");
        parts.Progress.Started(received);
        if (listener is null)
        {
            parts.Progress.FailedEarly(received, $"eventlistener.triggers.tekton.dev \"{options.Name}\" not found");
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        if (TriggerSelection.Of(listener, objects.Lookups).Error is { } unusable)
        {
            parts.Progress.Failed(received, listener, unusable);
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return;
        }

        // 5. On disk, then acknowledged, then decided.
        await parts.Ledger.AppendAsync(received, cancellationToken);
        await ListenerAnswer.AcceptedAsync(http, options, listener.Uid(), received.EventId);
        await http.Response.CompleteAsync();
        parts.Progress.Done(received, listener);
        await parts.Decisions.AddAsync(received, CancellationToken.None);
    }

    /// <summary>Null when the body is over the cap; then the rest of it is not read.</summary>
    private async Task<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > options.MaxBodyBytes)
        {
            return null;
        }

        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > options.MaxBodyBytes)
            {
                return null;
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private ReceivedEvent Record(HttpContext http, string target, ReadOnlyMemory<byte> body, string listenerUid) => new()
    {
        // Version 7 rises with time, so the ledger's index of event IDs grows at its end instead of everywhere.
        EventId = Guid.CreateVersion7(time.GetUtcNow()).ToString(),
        ListenerNamespace = options.Namespace,
        ListenerName = options.Name,
        ListenerUid = listenerUid,
        ReceivedAt = time.GetUtcNow(),
        RemoteAddress = http.Connection.RemoteIpAddress?.ToString() ?? "",
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

    public required TimeProvider Time { get; init; }
}
