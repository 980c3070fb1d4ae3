using System.Text.Json.Nodes;

namespace Hikigane.Kube;

/// <summary>
/// What the API server asks of the kubelet that runs a pod: the streams behind <c>pods/log</c>, <c>pods/portforward</c> and
/// <c>pods/exec</c>. Implemented by the embedded Runtime; the API server knows nothing else of it.
/// </summary>
public interface IPodStreams
{
    /// <summary>
    /// The log of a container. With <see cref="LogQuery.Follow"/> it ends when the container has ended and all was read.
    /// Throws a <see cref="KubeException"/> (400) when the container is waiting to start, with the kubelet's text.
    /// </summary>
    public IAsyncEnumerable<ReadOnlyMemory<byte>> LogAsync(JsonObject pod, string container, LogQuery query, CancellationToken cancellationToken);

    /// <summary>Joins <paramref name="stream"/> with a port of the pod until either side closes. Throws when nothing listens there.</summary>
    public Task PortForwardAsync(JsonObject pod, int port, Stream stream, CancellationToken cancellationToken);

    /// <summary>Runs a command in a running container; returns its exit code.</summary>
    public Task<int> ExecAsync(JsonObject pod, string container, ExecRequest request, CancellationToken cancellationToken);
}

/// <summary>Options of <c>pods/log</c>; names as in the API.</summary>
public sealed record LogQuery(
    bool Follow = false, bool Previous = false, bool Timestamps = false, long? TailLines = null,
    long? LimitBytes = null, DateTimeOffset? SinceTime = null);

/// <summary>A command with its streams; those that the client did not ask for are null.</summary>
public sealed record ExecRequest(IReadOnlyList<string> Command, Stream? Stdin, Stream? Stdout, Stream? Stderr, bool Tty);
