using System.Text.Json.Nodes;
using Hikigane.ApiServer;
using Hikigane.ApiServer.Registry;
using Hikigane.ApiServer.Rest;
using Hikigane.ApiServer.Store;
using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Runtime;
using Hikigane.Runtime.Processes;
using Hikigane.Runtime.Workloads;
using Hikigane.Server.Controllers;
using Hikigane.Server.Install;
using Hikigane.Server.Listener;
using Hikigane.Server.Steps;
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
        Directory.CreateDirectory(options.DataDirectory);
        var store = OpenStore(options, time);
        undo.Push(store.DisposeAsync);
        var embedded = await EmbeddedApi.StartAsync(store, options, time, logging, cancellationToken);
        undo.Push(embedded.DisposeAsync);
        var admin = embedded.System;

        // 2. What an installation consists of.
        await Installation.ApplyAsync(admin, cancellationToken);

        // 3. The node: what runs containers, and what is served in this process instead.
        var runtime = await RuntimeAsync(options, cancellationToken);
        var hosted = new HostedContainers();
        new StepRunner(StepCelOf(), time).AddTo(hosted);
        var ledger = options.IsInMemory ? SqliteLedger.InMemory(time) : SqliteLedger.OpenFile(Path.Combine(options.DataDirectory, "ledger.db"), time);
        undo.Push(ledger.DisposeAsync);
        var client = new InterceptorClient(time);
        undo.Push(() => Disposed(client));
        var listeners = new Listeners(ListenerPartsOf(embedded, ledger, client, time, logging));
        undo.Push(listeners.DisposeAsync);
        hosted.Add(IsListener, listeners.RunAsync, isResumable: true);
        HostedParts.AddTo(hosted);

        // 4. Everybody who reconciles.
        var caches = new ObjectCaches(admin, time, logging.CreateLogger<ObjectCaches>());
        undo.Push(caches.DisposeAsync);
        var node = new NodeOptions
        {
            DataDirectory = options.DataDirectory, ApiPort = embedded.Address.Port, ApiAuthority = embedded.AuthorityPem,
        };
        var host = new ContainerHost(runtime, hosted);
        var pods = new PodLoop(caches, host, node, time, logging.CreateLogger<PodLoop>());
        var streams = new PodStreams(pods, host, node);
        embedded.Streams = streams;
        undo.Push(Run(
        [
            pods.RunAsync,
            new NodeHeartbeat(admin, runtime, node, time).RunAsync,
            .. Controllers(caches, options, embedded.AuthorityPem, time, logging)
                .Select(controller => new ReconcileLoop(controller, caches, time, logging.CreateLogger<ReconcileLoop>()))
                .Select(loop => (Func<CancellationToken, Task>)loop.RunAsync),
        ]));

        return new ControlPlane(undo)
        {
            ApiAddress = embedded.Address.ToString().TrimEnd('/'),
            KubeconfigPath = embedded.WriteKubeconfig(options.Kubeconfig ?? Path.Combine(options.DataDirectory, "kubeconfig")),
            ListenersAddress = await listeners.ShareAsync(cancellationToken),
            Admin = admin,
            Pods = streams,
            Ledger = ledger.Reader,
        };
    }
}
