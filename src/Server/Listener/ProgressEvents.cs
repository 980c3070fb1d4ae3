using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hikigane.Expressions.GoJson;
using Hikigane.Kube;
using Hikigane.Resources.Deliveries;
using Hikigane.Resources.Reconcile;
using Hikigane.Triggers;
using Hikigane.Triggers.Interceptors;

namespace Hikigane.Server.Listener;

/// <summary>Posts a CloudEvent in binary mode; the status of the answer. Throws <see cref="HttpRequestException"/> when there is none.</summary>
public delegate Task<int> SendCloudEvent(Uri target, IReadOnlyDictionary<string, string> headers, ReadOnlyMemory<byte> body, CancellationToken cancellationToken);

/// <summary>
/// Tells others how events fare: CloudEvents to <c>cloudEventURI</c> and, where enabled, Kubernetes events on the listener; names and
/// content as upstream's (spec: triggers.md §3.9). A courtesy: what cannot be told is dropped, and nobody waits for it. Any thread may call.
/// </summary>
internal sealed class ProgressEvents : IAsyncDisposable
{
    private const int Senders = 4;
    private const int MostAttempts = 10;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(5);

    private readonly SinkOptions options;
    private readonly Uri? target;
    private readonly SendCloudEvent? send;
    private readonly EventRecorder? recorder;
    private readonly TimeProvider time;
    private readonly Channel<Progress> queue = Channel.CreateBounded<Progress>(new BoundedChannelOptions(4096) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource stopping = new();
    private readonly Task sending;

    /// <param name="kube">Writes Kubernetes events with the listener's own rights.</param>
    public ProgressEvents(SinkOptions options, IKube kube, SendCloudEvent? send, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        this.send = send;
        target = send is not null && Uri.TryCreate(options.CloudEventUri, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : null;
        recorder = options.RecordsEvents ? new EventRecorder(kube, time, "EventListener") : null;
        sending = Task.WhenAll(IsSilent ? [] : Enumerable.Range(0, Senders).Select(_ => Task.Run(SendAsync)));
    }

    private bool IsSilent => target is null && recorder is null;

    /// <summary>A request was taken up; the listener was not looked for yet.</summary>
    public void Started(ReceivedEvent received) => Add(new Progress("started", received, null, ""));

    /// <summary>A request ended in an error before the listener was found.</summary>
    public void FailedEarly(ReceivedEvent received, string error) => Add(new Progress("failed", received, null, error));

    /// <summary>A request ended in an error of the listener.</summary>
    public void Failed(ReceivedEvent received, JsonObject listener, string error) => Add(new Progress("failed", received, listener, error));

    /// <summary>The request was answered; its triggers may still run.</summary>
    public void Done(ReceivedEvent received, JsonObject listener) => Add(new Progress("done", received, listener, ""));

    /// <summary>A trigger created all that it wanted.</summary>
    public void Successful(ReceivedEvent received, JsonObject listener) => Add(new Progress("successful", received, listener, ""));

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        try
        {
            await sending.WaitAsync(LongestDrain, time);
        }
        catch (TimeoutException)
        {
        }

        await stopping.CancelAsync();
        await sending;
        stopping.Dispose();
    }

    private void Add(Progress progress)
    {
        if (!IsSilent)
        {
            queue.Writer.TryWrite(progress);
        }
    }

    private async Task SendAsync()
    {
        try
        {
            await foreach (var progress in queue.Reader.ReadAllAsync(stopping.Token))
            {
                await RecordAsync(progress);
                await PostAsync(progress);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task RecordAsync(Progress progress)
    {
        if (recorder is null)
        {
            return;
        }

        // Before the listener is found upstream knows its name only; the event says so.
        var subject = progress.Listener ?? new JsonObject
        {
            ["apiVersion"] = "v1beta1",
            ["kind"] = "EventListener",
            ["metadata"] = new JsonObject { ["name"] = options.Name, ["namespace"] = options.Namespace },
        };
        var type = progress.Stage == "failed" ? "Warning" : "Normal";
        await recorder.RecordAsync(subject, new ObjectEvent(type, progress.Type, progress.Error), stopping.Token);
    }

    private async Task PostAsync(Progress progress)
    {
        if (target is null)
        {
            return;
        }

        var eventId = progress.Event.EventId;
        var headers = new Dictionary<string, string>
        {
            ["Ce-Id"] = eventId,
            ["Ce-Source"] = progress.Listener is null
                ? $"/apis//v1beta1/namespaces/{options.Namespace}/EventListener/{options.Name}"
                : $"/apis///namespaces/{options.Namespace}//{options.Name}",
            ["Ce-Specversion"] = "1.0",
            ["Ce-Subject"] = $"{options.Name} processing {eventId}",
            ["Ce-Time"] = time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture),
            ["Ce-Type"] = progress.Type,
            ["Content-Type"] = "application/json",
        };
        for (var attempt = 0; attempt <= MostAttempts; attempt++)
        {
            if (attempt > 0)
            {
                await Task.Delay(FirstPause * Math.Pow(2, attempt - 1), time, stopping.Token);
            }

            if (await TryAsync(headers, Body(progress)))
            {
                return;
            }
        }
    }

    /// <summary>Whether no further attempt is of use.</summary>
    private async Task<bool> TryAsync(Dictionary<string, string> headers, ReadOnlyMemory<byte> body)
    {
        try
        {
            return await send!(target!, headers, body, stopping.Token) is not (404 or 425 or 429 or 502 or 503 or 504);
        }
        catch (Exception exception) when (exception is HttpRequestException or InterceptorException)
        {
            return false;
        }
    }

    /// <summary>The headers of the request; once the listener is found upstream has nothing to say but for a success.</summary>
    private static ReadOnlyMemory<byte> Body(Progress progress)
    {
        if (progress.Listener is not null && progress.Stage != "successful")
        {
            return "null"u8.ToArray();
        }

        var headers = new JsonObject();
        foreach (var (name, values) in EventHeaders.From(progress.Event.Headers))
        {
            headers[name] = new JsonArray([.. values.Select(value => (JsonNode)value)]);
        }

        return Encoding.UTF8.GetBytes(GoJsonWriter.Write(headers));
    }

    private sealed record Progress(string Stage, ReceivedEvent Event, JsonObject? Listener, string Error)
    {
        public string Type => $"dev.tekton.event.triggers.{Stage}.v1";
    }
}
