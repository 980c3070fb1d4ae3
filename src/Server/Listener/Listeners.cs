using System.Collections.Immutable;
using System.Net;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hikigane.Server.Listener;

/// <summary>
/// All listeners of this process: each is the container of a pod, on a port of its own; and all of them are reached through one shared address,
/// <c>http://127.0.0.1:PORT/NAMESPACE/LISTENER</c>.
/// </summary>
public sealed class Listeners(ListenerParts parts) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<ObjectKey, ImmutableList<RunningListener>> running = [];
    private WebApplication? shared;

    /// <summary>Serves a listener's container until it is told to end.</summary>
    public async Task<int> RunAsync(ContainerContext context, CancellationToken cancellationToken)
    {
        var options = SinkOptions.Parse(
            [.. context.Container.Items("args").Select(arg => arg.Text() ?? "")],
            name => context.Container.Objects("env").LastOrDefault(one => one.Text("name") == name).Text("value"));
        options = options with { TlsCertificate = OnHost(context, options.TlsCertificate), TlsKey = OnHost(context, options.TlsKey) };
        var account = context.Pod.Text("spec", "serviceAccountName") ?? "default";
        await using var listener = await RunningListener.StartAsync(options, account, parts, cancellationToken);
        var key = new ObjectKey(options.Namespace, options.Name);
        lock (gate)
        {
            running[key] = running.GetValueOrDefault(key, []).Add(listener);
        }

        context.ServesPort(options.Port, listener.Port);
        context.ServesPort(options.MetricsPort, listener.MetricsPort);
        try
        {
            await context.Received.ReadAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            lock (gate)
            {
                running[key] = running[key].Remove(listener);
            }
        }

        return 0;
    }

    /// <summary>Of several replicas the one that came last: in a rollout that is the one that stays.</summary>
    private RunningListener? Newest(ObjectKey key)
    {
        lock (gate)
        {
            return running.GetValueOrDefault(key, []).LastOrDefault();
        }
    }

    private static string OnHost(ContainerContext context, string path) => path.Length == 0 ? "" : context.Paths.ToHost(path);

    /// <summary>Opens the shared address on a free port.</summary>
    public async Task<Uri> ShareAsync(CancellationToken cancellationToken)
    {
        // Nothing from files or variables around, no watching of files, no handling of signals.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        shared = builder.Build();
        shared.Run(DispatchAsync);
        await shared.StartAsync(cancellationToken);
        return new Uri(shared.Urls.First() + "/");
    }

    public async ValueTask DisposeAsync()
    {
        if (shared is not null)
        {
            using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(2), TimeProvider.System);
            await shared.StopAsync(grace.Token);
            await shared.DisposeAsync();
        }
    }

    /// <summary>Takes the first two segments off the path: the listener sees what is left, as it would on its own port.</summary>
    private Task DispatchAsync(HttpContext http)
    {
        var request = http.Features.GetRequiredFeature<IHttpRequestFeature>();
        var target = request.RawTarget;
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? target : target[..query];
        if (path.Split('/', 4) is not ["", var ns, var name, ..] segments || Newest(new ObjectKey(ns, name)) is not { } listener)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return http.Response.WriteAsync("no such listener is running: the path is /NAMESPACE/LISTENER\n", http.RequestAborted);
        }

        request.RawTarget = "/" + (segments.Length > 3 ? segments[3] : "") + (query < 0 ? "" : target[query..]);
        return listener.HandleAsync(http);
    }
}
