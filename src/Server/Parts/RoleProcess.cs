using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Resources;
using Hikigane.Server.Install;
using Hikigane.Server.Interceptors;
using Hikigane.Server.Listener;
using Hikigane.Server.Webhooks;
using Hikigane.Triggers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Parts;

/// <summary>
/// The roles as processes of their own, against an API over HTTP: the same parts that <c>up</c> holds in one process. Each runs until it is cancelled
/// and then stops in order: what it serves takes no more, what is under way is finished, a Lease is given up.
/// </summary>
public sealed partial class RoleProcess(RoleOptions options, TimeProvider time, ILoggerFactory logging)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly ILogger log = logging.CreateLogger<RoleProcess>();
    private volatile IReadOnlyList<RunningPart>? running;

    /// <summary>Called with a line for people once the role does its work.</summary>
    public Action<string> Ready { get; init; } = static _ => { };

    /// <summary>The controllers of Triggers, of Pipelines, or of both; of several replicas one leads.</summary>
    public Task ControllerAsync(bool isForTriggers, bool isForPipelines, CancellationToken cancellationToken) => RunAsync(async (kube, token) =>
    {
        List<(string Name, StartPart Start)> sets = [];
        if (isForTriggers)
        {
            sets.Add((HostedParts.TriggersController, ControllersPart.Triggers(options.Listeners)));
        }

        if (isForPipelines)
        {
            sets.Add((HostedParts.PipelinesController, ControllersPart.Pipelines(streams: null)));
        }

        running = [];
        Ready($"{string.Join(" and ", sets.Select(set => set.Name))} at work{(options.ElectsLeader ? ", when leading" : "")}");
        await Task.WhenAll(sets.Select(set => LeadAsync(kube, set.Name, set.Start, token)));
    }, cancellationToken);

    /// <summary>The admission webhook of Triggers or of Pipelines.</summary>
    public Task WebhookAsync(bool isForPipelines, CancellationToken cancellationToken) =>
        ServeAsync(isForPipelines ? HostedParts.PipelinesWebhook : HostedParts.TriggersWebhook,
            WebhookPart.Of(isForPipelines ? WebhookSite.Pipelines : WebhookSite.Triggers), cancellationToken);

    /// <summary>The core interceptors.</summary>
    public Task InterceptorsAsync(CancellationToken cancellationToken) => ServeAsync(HostedParts.CoreInterceptors, InterceptorsPart.StartAsync, cancellationToken);

    /// <summary>One listener, with the rights that this process has; triggers with a ServiceAccount of their own are impersonated.</summary>
    /// <param name="ledger">Opens the record of events.</param>
    public Task ListenerAsync(SinkOptions sink, Func<CancellationToken, Task<ILedger>> ledger, CancellationToken cancellationToken) => RunAsync(async (kube, token) =>
    {
        await using var record = await ledger(token);
        using var client = new InterceptorClient(time);
        await using var secrets = new SecretCache(kube, time, logging.CreateLogger<SecretCache>());
        using var others = new Impersonated(kube);
        var discovery = new ApiDiscovery(kube, time);
        var parts = new ListenerParts
        {
            Ledger = record,
            Impersonate = others.As,
            Reader = kube,
            Find = discovery.FindAsync,
            Serves = discovery.Serves,
            Ports = new InterceptorPorts
            {
                BuiltIn = BuiltInInterceptors.Of(secrets.ReadAsync, client.AskGitHubAsync, time),
                Remote = client.AskAsync,
                Webhook = client.AskWebhookAsync,
            },
            SendCloudEvent = client.PostCloudEventAsync,
            Secrets = secrets.ReadAsync,
            Listen = options.Listen,
            IsAlone = true,
            Time = time,
            Logging = logging,
        };
        await using var listener = await RunningListener.StartAsync(sink, Impersonated.Self, parts, token);
        running = [new RunningPart(listener.Port, static () => ValueTask.CompletedTask)];
        Ready($"listener {sink.Namespace}/{sink.Name} on port {listener.Port}");
        await EndAsync(token);
    }, cancellationToken);

    private Task ServeAsync(string name, StartPart start, CancellationToken cancellationToken) => RunAsync(async (kube, token) =>
    {
        await using var part = await start(Context(kube), token);
        running = [part];
        Ready($"{name} on port {part.Port}");
        await EndAsync(token);
    }, cancellationToken);

    private async Task LeadAsync(HttpKube kube, string name, StartPart start, CancellationToken cancellationToken)
    {
        if (!options.ElectsLeader)
        {
            await WorkAsync(cancellationToken);
            return;
        }

        var lease = new LeaderOptions(new ObjectKey(options.Namespace, name), options.Identity)
        {
            Duration = options.LeaseDuration,
            Retry = options.LeaseDuration / 7.5,
        };
        await new LeaderElection(kube, lease, time, logging.CreateLogger<LeaderElection>()).RunAsync(WorkAsync, cancellationToken);

        async Task WorkAsync(CancellationToken token)
        {
            await using var part = await start(Context(kube), token);
            running = [.. running ?? [], part];
            await EndAsync(token);
            running = [.. (running ?? []).Where(other => other != part)];
        }
    }

    private async Task RunAsync(Func<HttpKube, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var kube = new HttpKube(Connection(options), time);
        await using var health = options.Health is { } address ? await HealthServer.StartAsync(address, IsReady, Metrics, cancellationToken) : null;
        await using var metrics = options.Metrics is { } other && other != options.Health
            ? await HealthServer.StartAsync(other, IsReady, Metrics, cancellationToken) : null;
        try
        {
            await ReachedAsync(kube, cancellationToken);
            await work(kube, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private RequestDelegate? Metrics() => running?.Select(part => part.Metrics).FirstOrDefault(metrics => metrics is not null);

    private bool IsReady() => running is { } parts && parts.All(part => part.IsReady());

    /// <summary>An API that does not answer yet is waited for: in a cluster parts start in any order.</summary>
    private async Task ReachedAsync(HttpKube kube, CancellationToken cancellationToken)
    {
        for (var cause = ""; ;)
        {
            try
            {
                await kube.GetAsync("/version", cancellationToken);
                return;
            }
            catch (KubeException exception) when (exception.IsTransient)
            {
                if (exception.Message != cause)
                {
                    cause = exception.Message;
                    Log.Waiting(log, cause);
                }

                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    private PartContext Context(HttpKube kube) => new()
    {
        Kube = kube,
        Time = time,
        Logging = logging,
        Namespace = options.Namespace,
        Listen = options.Listen,
        IsAlone = true,
        Url = options.Url,
    };

    private static KubeConnection Connection(RoleOptions options) =>
        options.Kubeconfig is { } file ? Kubeconfig.Load(file, options.Context)
        : options.Context is null && KubeConnection.InCluster() is { } inCluster ? inCluster
        : Kubeconfig.Load(Kubeconfig.DefaultPath, options.Context);

    private static async Task EndAsync(CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(ended.SetResult);
        await ended.Task;
    }

    /// <summary>The same API as the ServiceAccounts that triggers name; one client for each.</summary>
    private sealed class Impersonated(HttpKube own) : IDisposable
    {
        /// <summary>Stands for whoever this process is.</summary>
        public const string Self = "";

        private readonly System.Collections.Concurrent.ConcurrentDictionary<string, HttpKube> clients = new();

        public HttpKube As(string ns, string serviceAccountName) => serviceAccountName == Self
            ? own
            : clients.GetOrAdd($"system:serviceaccount:{ns}:{serviceAccountName}", own.As);

        public void Dispose()
        {
            foreach (var client in clients.Values)
            {
                client.Dispose();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "waiting for the API: {Cause}")]
        public static partial void Waiting(ILogger logger, string cause);
    }
}
