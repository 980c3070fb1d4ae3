using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Resources.Json;
using Hikigane.Runtime;
using Hikigane.Runtime.Processes;
using Hikigane.Runtime.Workloads;
using Hikigane.Server.Install;
using Hikigane.Server.Interceptors;
using Hikigane.Server.Listener;
using Hikigane.Server.Parts;
using Hikigane.Server.Steps;
using Hikigane.Server.Webhooks;
using Hikigane.Triggers;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server;

/// <summary>The one place of wiring: which parts there are, who gets what, in which order they start.</summary>
public static class Roles
{
    public static async Task<ControlPlane> StartAsync(UpOptions options, TimeProvider time, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var undo = new Stack<Func<ValueTask>>();
        try
        {
            return await StartAsync(options, time, logging, undo, cancellationToken);
        }
        catch
        {
            while (undo.TryPop(out var stop))
            {
                await stop();
            }

            throw;
        }
    }

    private static async Task<ControlPlane> StartAsync(
        UpOptions options, TimeProvider time, ILoggerFactory logging, Stack<Func<ValueTask>> undo, CancellationToken cancellationToken)
    {
        // 1. The truth: store, kinds, verbs, and the API over HTTP.
        var store = OpenStore(options, time);
        undo.Push(store.DisposeAsync);
        var api = await EmbeddedApi.StartAsync(store, options, time, logging, cancellationToken);
        undo.Push(api.DisposeAsync);

        // 2. What an installation consists of.
        await Installation.ApplyAsync(api.System, cancellationToken);

        // 3. Events: the ledger, and the listeners that write to it.
        var ledger = await OpenLedgerAsync(options, time, cancellationToken);
        undo.Push(ledger.DisposeAsync);
        var interceptors = new InterceptorClient(time) { Connect = api.ConnectAsync };
        undo.Push(() => Disposed(interceptors));
        var secrets = new SecretCache(api.AsServiceAccount(Installation.Namespace, HostedParts.CoreInterceptors), time, logging.CreateLogger<SecretCache>());
        undo.Push(secrets.DisposeAsync);
        var listeners = new Listeners(ListenerPartsOf(api, ledger, (secrets, interceptors), time, logging));
        undo.Push(listeners.DisposeAsync);

        // 4. Everybody who reconciles, in pods of their own.
        var caches = new ObjectCaches(api.System, time, logging.CreateLogger<ObjectCaches>());
        undo.Push(caches.DisposeAsync);
        var hosted = new HostedContainers();
        hosted.Add(container => container.Text("image") == ListenerImage, listeners.RunAsync, isResumable: true);
        HostedParts.AddTo(hosted, HostedParts.TriggersController, Part(api.System), ControllersPart.Triggers(new Triggers.EventListeners.ListenerOptions(), caches));
        HostedParts.AddTo(hosted, HostedParts.PipelinesController, Part(api.System), ControllersPart.Pipelines(api.Streams, caches));
        HostedParts.AddTo(hosted, HostedParts.TriggersWebhook, PartAs(HostedParts.TriggersWebhook), WebhookPart.Of(WebhookSite.Triggers));
        HostedParts.AddTo(hosted, HostedParts.PipelinesWebhook, PartAs(HostedParts.PipelinesWebhook), WebhookPart.Of(WebhookSite.Pipelines));
        HostedParts.AddTo(hosted, HostedParts.CoreInterceptors, PartAs(HostedParts.CoreInterceptors), InterceptorsPart.StartAsync);
        new StepRunner(StepConditions.Evaluate, time).AddTo(hosted);

        // 5. The node: what runs pods, and what a cluster would bring along.
        var node = new NodeOptions { DataDirectory = options.DataDirectory, ApiPort = api.Address.Port, ApiAuthority = api.AuthorityPem };
        var host = new ContainerHost(await RuntimeAsync(options, cancellationToken), hosted);
        var pods = new PodLoop(caches, host, node, time, logging.CreateLogger<PodLoop>());
        var streams = new PodStreams(pods, host, node);
        api.Streams = streams;
        api.Services = new ServiceConnections(caches, pods);
        var workloads = WorkloadControllers.All(caches, time, Path.Combine(options.DataDirectory, "volumes"), api.AuthorityPem);
        undo.Push(Run(
        [
            pods.RunAsync,
            new RetentionLoop(ledger, time, logging.CreateLogger<RetentionLoop>()).RunAsync,
            new NodeHeartbeat(api.System, host.Runtime, node, time).RunAsync,
            .. Loops(workloads, caches, time, logging).Select(loop => (Func<CancellationToken, Task>)loop.RunAsync),
        ]));

        return new ControlPlane(undo)
        {
            ApiAddress = api.Address.ToString().TrimEnd('/'),
            KubeconfigPath = api.WriteKubeconfig(options.Kubeconfig ?? Path.Combine(options.DataDirectory, "kubeconfig")),
            ListenersAddress = await ShareAsync(listeners, options, cancellationToken),
            Admin = api.System,
            Pods = streams,
            Ledger = ledger.Reader,
        };

        PartContext Part(IKube kube) => new() { Kube = kube, Time = time, Logging = logging };
        PartContext PartAs(string account) => Part(api.AsServiceAccount(Installation.Namespace, account));
    }

    private const string ListenerImage = "hikigane/eventlistener";

    private static List<ReconcileLoop> Loops(IReadOnlyList<IController> controllers, ObjectCaches caches, TimeProvider time, ILoggerFactory logging) =>
        [.. controllers.Select(controller => new ReconcileLoop(controller, caches, time, logging.CreateLogger<ReconcileLoop>()))];

    private static ListenerParts ListenerPartsOf(
        EmbeddedApi api, ILedger ledger, (SecretCache Secrets, InterceptorClient Client) interceptors, TimeProvider time, ILoggerFactory logging)
    {
        var (secrets, client) = interceptors;
        return new ListenerParts
        {
            Ledger = ledger,
            Impersonate = api.AsServiceAccount,
            Reader = api.System,
            Find = (apiVersion, kind, _) => ValueTask.FromResult(api.Find(apiVersion, kind)),
            Serves = api.Serves,
            Ports = new InterceptorPorts { BuiltIn = BuiltInInterceptors.Of(secrets.ReadAsync, client.AskGitHubAsync, time), Remote = client.AskAsync, Webhook = client.AskWebhookAsync },
            SendCloudEvent = client.PostCloudEventAsync,
            Secrets = secrets.ReadAsync,
            Time = time,
            Logging = logging,
        };
    }

    /// <summary>The shared address stands in a file too: <c>hikigane event send</c> looks there.</summary>
    private static async Task<Uri> ShareAsync(Listeners listeners, UpOptions options, CancellationToken cancellationToken)
    {
        var address = await listeners.ShareAsync(cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(options.DataDirectory, "listeners.url"), address + "\n", cancellationToken);
        return address;
    }

    private static async Task<ILedger> OpenLedgerAsync(UpOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return options.Ledger is { } address ? await PostgresLedger.OpenAsync(address, options.Kept, cancellationToken)
                : options.IsInMemory ? SqliteLedger.InMemory(time, options.Kept)
                : SqliteLedger.OpenFile(Path.Combine(options.DataDirectory, "ledger.db"), time, options.Kept);
        }
        catch (LedgerException exception)
        {
            throw new StartException(exception.Message, exception);
        }
    }

    private static IStore OpenStore(UpOptions options, TimeProvider time)
    {
        try
        {
            Directory.CreateDirectory(options.DataDirectory);
            return options.IsInMemory ? new MemoryStore() : SqliteStore.Open(options.DataDirectory, time);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or KubeException or InvalidOperationException)
        {
            throw new StartException(exception.Message, exception);
        }
    }

    private static async Task<IPodRuntime> RuntimeAsync(UpOptions options, CancellationToken cancellationToken) =>
        await SandboxProbe.FindAsync(cancellationToken) is { } sandbox ? new ProcessRuntime(sandbox, [options.DataDirectory])
        : options.AllowsNoSandbox ? new ProcessRuntime(SandboxKind.None, [])
        : throw new StartException(SandboxProbe.Refusal);

    /// <summary>Starts loops; what is returned stops them and waits for them.</summary>
    private static Func<ValueTask> Run(IReadOnlyList<Func<CancellationToken, Task>> loops)
    {
        var stopping = new CancellationTokenSource();
        var running = Task.WhenAll(loops.Select(loop => Task.Run(() => loop(stopping.Token))));
        return async () =>
        {
            await stopping.CancelAsync();
            try
            {
                await running;
            }
            catch (OperationCanceledException)
            {
            }

            stopping.Dispose();
        };
    }

    private static ValueTask Disposed(InterceptorClient disposable)
    {
        disposable.Dispose();
        return ValueTask.CompletedTask;
    }
}
