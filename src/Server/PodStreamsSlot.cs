using System.Text.Json.Nodes;
using Hikigane.Kube;

namespace Hikigane.Server;

/// <summary>Stands for the kubelet until there is one: the API serves before the node has started.</summary>
internal sealed class PodStreamsSlot : IPodStreams
{
    private volatile IPodStreams? current;

    public IPodStreams Current
    {
        get => current ?? throw new KubeException(503, "ServiceUnavailable", "the node is not ready yet");
        set => current = value;
    }

    public IAsyncEnumerable<ReadOnlyMemory<byte>> LogAsync(JsonObject pod, string container, LogQuery query, CancellationToken cancellationToken) =>
        Current.LogAsync(pod, container, query, cancellationToken);

    public Task PortForwardAsync(JsonObject pod, int port, Stream stream, CancellationToken cancellationToken) =>
        Current.PortForwardAsync(pod, port, stream, cancellationToken);

    public Task<int> ExecAsync(JsonObject pod, string container, ExecRequest request, CancellationToken cancellationToken) =>
        Current.ExecAsync(pod, container, request, cancellationToken);
}
