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
    private readonly Task deciding;
    private readonly Task replaying;

    private RunningListener(EndpointParts parts, EventEndpoint endpoint, ListenerServer server, IReadOnlyList<ReceivedEvent> left, ReplayLoop replays)
    {
        objects = parts.Objects;
        decisions = parts.Decisions;
        progress = parts.Progress;
        time = parts.Time;
        this.endpoint = endpoint;
        this.server = server;
        deciding = decisions.RunAsync(left, stopping.Token);
        replaying = replays.RunAsync(closing.Token);
    }

    /// <summary>The loopback port that it is served on.</summary>
    public int Port => server.Port;

    /// <summary>Handles a request that came in through the shared address.</summary>
    public Task HandleAsync(HttpContext http) => endpoint.HandleAsync(http);

    /// <param name="serviceAccountName">Whose rights the listener has.</param>
    public static async Task<RunningListener> StartAsync(
        SinkOptions options, string serviceAccountName, ListenerParts parts, CancellationToken cancellationToken)
    {
        var kube = parts.Impersonate(options.Namespace, serviceAccountName);
        var objects = new ListenerCaches(kube, options, parts.Time, parts.Logging.CreateLogger<ListenerCaches>());
        await objects.SyncedAsync(parts.Time, cancellationToken);
        var decision = new EventDecision(objects, parts.Ports, new CreatorParts(kube, parts.Reader, parts.Find, parts.Impersonate) { Serves = parts.Serves });
        var progress = new ProgressEvents(options, kube, parts.SendCloudEvent, parts.Time);
        var decisions = new DecisionLoop(decision.DecideAsync, parts.Ledger, parts.Time, parts.Logging.CreateLogger<DecisionLoop>())
        {
            Decided = delivery => Tell(delivery, objects, progress),
        };
        var working = new EndpointParts
        {
            Options = options,
            Objects = objects,
            Ledger = parts.Ledger,
            Decisions = decisions,
            Progress = progress,
            Time = parts.Time,
        };
        var endpoint = new EventEndpoint(working);

        // Replays that wait are among what is left.
        await parts.Ledger.TakeReplaysAsync(options.Namespace, options.Name, cancellationToken);
        var left = parts.Ledger.Reader.Pending(options.Namespace, options.Name);
        var replays = new ReplayLoop(options, parts.Ledger, decisions, parts.Time, parts.Logging.CreateLogger<ReplayLoop>());
        var server = await ListenerServer.StartAsync(options, endpoint, cancellationToken);
        return new RunningListener(working, endpoint, server, left, replays);
    }

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
        await objects.DisposeAsync();
        stopping.Dispose();
        closing.Dispose();
    }
}
