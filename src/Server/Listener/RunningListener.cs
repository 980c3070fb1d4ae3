using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Deliveries;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Listener;

/// <summary>One listener from its first list to its last decision. Stopping takes no new events and finishes what was acknowledged.</summary>
public sealed class RunningListener : IAsyncDisposable
{
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(10);

    private readonly ListenerCaches objects;
    private readonly DecisionLoop decisions;
    private readonly ListenerServer server;
    private readonly CancellationTokenSource stopping = new();
    private readonly TimeProvider time;
    private readonly EventEndpoint endpoint;
    private readonly ProgressEvents progress;
    private readonly CancellationTokenSource closing = new();
    private readonly SinkMetrics metrics;
    private readonly Task deciding;
    private readonly Task replaying;
    private readonly Task keeping;

    private RunningListener(EndpointParts parts, EventEndpoint endpoint, ListenerServer server, (IReadOnlyList<ReceivedEvent> Now, LeftoverLoop Later) left, ReplayLoop replays)
    {
        objects = parts.Objects;
        decisions = parts.Decisions;
        progress = parts.Progress;
        metrics = parts.Metrics;
        time = parts.Time;
        this.endpoint = endpoint;
        this.server = server;
        deciding = decisions.RunAsync(left.Now, stopping.Token);
        replaying = replays.RunAsync(closing.Token);
        keeping = left.Later.RunAsync(closing.Token);
    }

    /// <summary>The port that it is served on.</summary>
    public int Port => server.Port;

    public int MetricsPort => server.MetricsPort;

    /// <summary>Handles a request that came in through the shared address.</summary>
    public Task HandleAsync(HttpContext http) => endpoint.HandleAsync(http);

    /// <param name="serviceAccountName">Whose rights the listener has.</param>
    public static async Task<RunningListener> StartAsync(
        SinkOptions options, string serviceAccountName, ListenerParts parts, CancellationToken cancellationToken)
    {
        var kube = parts.Impersonate(options.Namespace, serviceAccountName);
        var objects = new ListenerCaches(kube, options, parts.Time, parts.Logging.CreateLogger<ListenerCaches>());
        await objects.SyncedAsync(parts.Time, cancellationToken);
        var decision = new EventDecision(objects, parts.Ports, new CreatorParts(kube, parts.Reader, parts.Find, parts.Impersonate)
        {
            Serves = parts.Serves,
            Now = parts.Time.GetUtcNow,
            Repeated = new RepeatedDeliveries(parts.Ledger, parts.Time),
        });
        var progress = new ProgressEvents(options, kube, parts.SendCloudEvent, parts.Time);
        var metrics = new SinkMetrics(parts.IsAlone);
        var waits = new DecisionWaits(parts.Time);
        var decisions = new DecisionLoop(decision.DecideAsync, parts.Ledger, parts.Time, parts.Logging.CreateLogger<DecisionLoop>())
        {
            InHand = parts.InHand,
            Decided = delivery =>
            {
                metrics.Decided(delivery);
                Tell(delivery, objects, progress);
                waits.Decided(delivery);
            },
        };
        var working = new EndpointParts
        {
            Options = options,
            Objects = objects,
            Ledger = parts.Ledger,
            Decisions = decisions,
            Progress = progress,
            Door = new ListenerDoor(options, parts.Secrets, parts.Bodies, parts.Time),
            Metrics = metrics,
            Waits = waits,
            Time = parts.Time,
        };
        var endpoint = new EventEndpoint(working);

        var leftovers = new LeftoverLoop(working, parts.Holder);
        var left = await leftovers.FirstAsync(cancellationToken);
        var replays = new ReplayLoop(working, parts.Logging.CreateLogger<ReplayLoop>());
        var handlers = new ListenerHandlers(endpoint.HandleAsync, metrics.Text.AnswerAsync);
        var server = await ListenerServer.StartAsync(Timed(working), parts.Listen, TlsOf(working, parts), handlers, cancellationToken);
        return new RunningListener(working, endpoint, server, (left, leftovers), replays);
    }

    /// <summary>Headers have the time that the listener's annotation gives, from its next start on.</summary>
    private static SinkOptions Timed(EndpointParts parts) =>
        parts.Options with { ReadTimeout = parts.Door.EdgeOf(ListenerOf(parts)).ReadTimeout ?? parts.Options.ReadTimeout };

    private static ListenerTls? TlsOf(EndpointParts working, ListenerParts parts)
    {
        var (certificate, key) = (working.Options.TlsCertificate, working.Options.TlsKey);
        return certificate.Length == 0 || key.Length == 0 ? null : new ListenerTls(
            new CertificateFiles(certificate, key, parts.Time, parts.Logging.CreateLogger<CertificateFiles>()),
            cancellationToken => working.Door.ClientAuthoritiesAsync(ListenerOf(working), cancellationToken));
    }

    private static JsonObject? ListenerOf(EndpointParts parts) => parts.Objects.Listener(new ObjectKey(parts.Options.Namespace, parts.Options.Name));

    private static void Tell(Delivery delivery, ListenerCaches objects, ProgressEvents progress)
    {
        if (objects.Listener(new ObjectKey(delivery.Event.ListenerNamespace, delivery.Event.ListenerName)) is { } listener)
        {
            foreach (var _ in delivery.Triggers.Where(trigger => trigger.Outcome == TriggerOutcome.Fired))
            {
                progress.Successful(delivery.Event, listener);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await closing.CancelAsync();
        await replaying;
        await keeping;
        decisions.Complete();
        try
        {
            await deciding.WaitAsync(LongestDrain, time);
        }
        catch (TimeoutException)
        {
            // What is left is in the ledger and is decided after the next start.
        }

        await stopping.CancelAsync();
        await deciding;
        await progress.DisposeAsync();
        metrics.Dispose();
        await objects.DisposeAsync();
        stopping.Dispose();
        closing.Dispose();
    }
}
