using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hikigane.ApiServer.Streaming;

/// <summary>Opens the way to a pod: WebSocket where it was asked for, SPDY/3.1 by HTTP upgrade otherwise.</summary>
internal static class StreamUpgrade
{
    private const string Tunnel = "SPDY/3.1+portforward.k8s.io";

    public static async Task PortForwardAsync(HttpContext context, IPodStreams pods, JsonObject pod)
    {
        if (pod.Text("status", "phase") is var phase && phase != "Running")
        {
            throw new KubeException(400, "BadRequest", $"unable to forward port because pod is not running. Current status={phase ?? "Pending"}");
        }

        var forward = new PortForward(pods, pod);
        if (context.WebSockets.IsWebSocketRequest)
        {
            if (!context.WebSockets.WebSocketRequestedProtocols.Contains(Tunnel))
            {
                throw new KubeException(400, "BadRequest", $"unable to negotiate protocol: client supports [{string.Join(' ', context.WebSockets.WebSocketRequestedProtocols)}], server accepts [{Tunnel}]");
            }

            using var socket = await AcceptTunnelAsync(context);
            await forward.RunAsync(new WebSocketBytes(socket), context.RequestAborted);
            return;
        }

        await forward.RunAsync(await SpdyAsync(context, "portforward.k8s.io"), context.RequestAborted);
    }

    public static Task ExecAsync(HttpContext context, IPodStreams pods, JsonObject pod)
    {
        var container = LogRequest.Container(pod, context.Request.Query["container"].ToString());
        return RunAsync(context, (request, cancellationToken) => pods.ExecAsync(pod, container, request, cancellationToken));
    }

    /// <summary>Follows what a running container prints from now on, until it ends. Its standard input is closed: nothing can be typed into it.</summary>
    public static Task AttachAsync(HttpContext context, IPodStreams pods, JsonObject pod)
    {
        var container = LogRequest.Container(pod, context.Request.Query["container"].ToString());
        var state = pod.Objects("status", "containerStatuses").FirstOrDefault(status => status.Text("name") == container).Object("state");
        return state?["running"] is null
            ? throw new KubeException(400, "BadRequest", $"container {container} not found in pod {pod.Name()}_{pod.Namespace()} or not running")
            : RunAsync(context, async (request, cancellationToken) =>
            {
                await foreach (var part in pods.LogAsync(pod, container, new LogQuery(Follow: true, TailLines: 0), cancellationToken))
                {
                    await (request.Stdout ?? Stream.Null).WriteAsync(part, cancellationToken);
                }

                return 0;
            });
    }

    private static async Task RunAsync(HttpContext context, Func<ExecRequest, CancellationToken, Task<int>> run)
    {
        var session = new ExecSession(run, ExecOptions.Of(context.Request.Query));
        if (context.WebSockets.IsWebSocketRequest)
        {
            var protocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(name => name is "v5.channel.k8s.io" or "v4.channel.k8s.io")
                ?? throw new KubeException(400, "BadRequest", "unable to negotiate protocol: server accepts [v5.channel.k8s.io v4.channel.k8s.io]");
            using var socket = await context.WebSockets.AcceptWebSocketAsync(protocol);
            await session.RunAsync(socket, context.RequestAborted);
            return;
        }

        await session.RunAsync(await SpdyAsync(context, "v4.channel.k8s.io"), context.RequestAborted);
    }

    /// <summary>
    /// The opening handshake (RFC 6455 §4.2.2) by hand: the tunnel's name has a slash, which is no token, and the framework's own handshake
    /// refuses to answer with it.
    /// </summary>
    private static async Task<WebSocket> AcceptTunnelAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
        {
            throw new KubeException(400, "BadRequest", "Upgrade request required");
        }

        var headers = context.Response.Headers;
        headers.Upgrade = "websocket";
        headers.Connection = "Upgrade";
        headers.SecWebSocketAccept = AcceptKey(context.Request.Headers.SecWebSocketKey.ToString());
        headers.SecWebSocketProtocol = Tunnel;
        return WebSocket.CreateFromStream(await upgrade.UpgradeAsync(), new WebSocketCreationOptions { IsServer = true });
    }

#pragma warning disable CA5350 // The protocol asks for SHA-1; nothing is kept secret by it.
    private static string AcceptKey(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key.Trim() + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350

    private static async Task<Stream> SpdyAsync(HttpContext context, string protocol)
    {
        var offered = context.Request.Headers["X-Stream-Protocol-Version"].SelectMany(value => value?.Split(',', StringSplitOptions.TrimEntries) ?? []);
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade
            || !context.Request.Headers.Upgrade.Contains("SPDY/3.1", StringComparer.OrdinalIgnoreCase))
        {
            throw new KubeException(400, "BadRequest", "Upgrade request required");
        }

        if (!offered.Contains(protocol))
        {
            throw new KubeException(403, "Forbidden", $"unable to upgrade: unable to negotiate protocol: server supports [{protocol}]");
        }

        context.Response.Headers.Upgrade = "SPDY/3.1";
        context.Response.Headers["X-Stream-Protocol-Version"] = protocol;
        return await upgrade.UpgradeAsync();
    }
}
