using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;
using Hikigane.Runtime.Logs;

namespace Hikigane.Runtime;

/// <summary>Logs, port-forward and exec of the pods of this node, for the API server.</summary>
public sealed class PodStreams(PodLoop loop, ContainerHost host, NodeOptions node) : IPodStreams
{
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> LogAsync(
        JsonObject pod, string container, LogQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var runner = loop.WorkerOf(pod)?.Runner(container);
        var restart = (int)(Status(pod, container).Integer("restartCount") ?? 0);
        restart = query.Previous ? restart - 1 : Math.Max(restart, runner?.Record.RestartCount ?? 0);
        var path = Path.Combine(node.PodDirectory(pod.Uid()), "logs", container, $"{restart}.log");
        if (!File.Exists(path))
        {
            throw Missing(pod, container, query);
        }

        var log = query.Follow ? runner?.Log(restart) : null;
        using var cursor = log?.OpenCursor() ?? new LogCursor(path);
        var left = query.LimitBytes ?? long.MaxValue;
        await foreach (var line in LinesAsync(cursor, log, query, cancellationToken))
        {
            var bytes = Show(line, query);
            bytes = bytes.Length <= left ? bytes : bytes[..(int)left];
            left -= bytes.Length;
            yield return bytes;
            if (left == 0)
            {
                yield break;
            }
        }
    }

    public async Task PortForwardAsync(JsonObject pod, int port, Stream stream, CancellationToken cancellationToken)
    {
        var worker = loop.WorkerOf(pod);
        var ports = pod.Objects("spec", "containers").Select(container => worker?.Runner(container.Text("name") ?? "")?.Ports);
        var target = ports.OfType<System.Collections.Concurrent.ConcurrentDictionary<int, int>>().Select(map => map.GetValueOrDefault(port)).FirstOrDefault(mapped => mapped != 0);
        using var socket = new TcpClient { NoDelay = true };
        try
        {
            await socket.ConnectAsync("127.0.0.1", target == 0 ? port : target, cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new KubeException(500, "InternalError", $"failed to connect to localhost:{port} inside pod {pod.Name()}: {exception.Message}");
        }

        await using var remote = socket.GetStream();
        var up = CopyAsync(stream, remote, () => socket.Client.Shutdown(SocketShutdown.Send), cancellationToken);
        await CopyAsync(remote, stream, static () => { }, cancellationToken);
        _ = up;
    }

    public async Task<int> ExecAsync(JsonObject pod, string container, ExecRequest request, CancellationToken cancellationToken)
    {
        var running = loop.WorkerOf(pod)?.Runner(container)?.Running
            ?? throw new KubeException(500, "InternalError", $"container {container} in pod {pod.Name()} has no process that can be entered");
        var command = await host.EnterAsync(running, request.Command, TimeProvider.System, cancellationToken)
            ?? throw new KubeException(501, "NotImplemented", "this runtime cannot run commands in containers");
        if (request.Tty)
        {
            command = ["script", "-qec", string.Join(' ', command.Select(Quote)), "/dev/null"];
        }

        try
        {
            return await ProcessStart.RunAsync(command, new ExecStreams(request.Stdin, request.Stdout, request.Stderr), cancellationToken);
        }
        catch (ContainerStartException exception)
        {
            throw new KubeException(500, "InternalError", exception.Message);
        }
    }

    private static string Quote(string word) => "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private static async Task CopyAsync(Stream from, Stream to, Action atEnd, CancellationToken cancellationToken)
    {
        try
        {
            await from.CopyToAsync(to, cancellationToken);
            atEnd();
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The other side has closed; that is how a forward ends.
        }
    }

    private static JsonObject? Status(JsonObject pod, string container) =>
        pod.Objects("status", "containerStatuses").Concat(pod.Objects("status", "initContainerStatuses")).FirstOrDefault(status => status.Text("name") == container);

    private static KubeException Missing(JsonObject pod, string container, LogQuery query)
    {
        if (query.Previous)
        {
            return new KubeException(400, "BadRequest", $"previous terminated container \"{container}\" in pod \"{pod.Name()}\" not found");
        }

        var reason = Status(pod, container).Text("state", "waiting", "reason") ?? "ContainerCreating";
        return new KubeException(400, "BadRequest", $"container \"{container}\" in pod \"{pod.Name()}\" is waiting to start: {reason}");
    }

    /// <summary>What is there, and with a log that is being written, what comes.</summary>
    private static async IAsyncEnumerable<LogLine> LinesAsync(LogCursor cursor, ContainerLog? log, LogQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (grown, isLast) = log?.Follow(cursor) ?? (Task.CompletedTask, true);
        var present = cursor.Read().Where(line => query.SinceTime is not { } since || line.At >= since);
        foreach (var line in query.TailLines is { } tail ? present.TakeLast((int)Math.Min(tail, int.MaxValue)) : present)
        {
            yield return line;
        }

        while (!isLast)
        {
            await grown.WaitAsync(cancellationToken);
            (grown, isLast) = log!.Follow(cursor);
            foreach (var line in cursor.Read())
            {
                yield return line;
            }
        }
    }

    private static ReadOnlyMemory<byte> Show(LogLine line, LogQuery query)
    {
        var stamp = query.Timestamps ? Encoding.ASCII.GetBytes(line.Stamp + " ") : [];
        return (byte[])[.. stamp, .. line.Content.Span, .. line.IsWhole ? "\n"u8 : ""u8];
    }
}
