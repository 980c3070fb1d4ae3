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
    private readonly Task deciding;

    private RunningListener(
        ListenerCaches objects, DecisionLoop decisions, EventEndpoint endpoint, ListenerServer server, IReadOnlyList<ReceivedEvent> left, TimeProvider time)
    {
        this.objects = objects;
        this.decisions = decisions;
        this.endpoint = endpoint;
        this.server = server;
        this.time = time;
        deciding = decisions.RunAsync(left, stopping.Token);
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
        var decisions = new DecisionLoop(decision.DecideAsync, parts.Ledger, parts.Time, parts.Logging.CreateLogger<DecisionLoop>());
        var endpoint = new EventEndpoint(options, objects, parts.Ledger, decisions, parts.Time);
        var left = parts.Ledger.Reader.Pending(options.Namespace, options.Name);
        var server = await ListenerServer.StartAsync(options, endpoint, cancellationToken);
        return new RunningListener(objects, decisions, endpoint, server, left, parts.Time);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
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
        await objects.DisposeAsync();
        stopping.Dispose();
    }
}
