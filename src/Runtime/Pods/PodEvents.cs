using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hikigane.Kube;
using Hikigane.Resources.Reconcile;

namespace Hikigane.Runtime.Pods;

/// <summary>
/// Events of pods on their way to the API, behind the back of those who run the pods. As with a kubelet, what comes faster than it can be
/// written is dropped. Any thread may record; one loop writes.
/// </summary>
internal sealed class PodEvents(EventRecorder recorder)
{
    private const int MostWaiting = 512;

    private readonly Channel<(JsonObject Pod, ObjectEvent Event, string? FieldPath)> waiting =
        Channel.CreateBounded<(JsonObject, ObjectEvent, string?)>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public void Record(JsonObject pod, ObjectEvent recorded, string? fieldPath) => waiting.Writer.TryWrite((pod, recorded, fieldPath));

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var (pod, recorded, fieldPath) in waiting.Reader.ReadAllAsync(cancellationToken))
        {
            await recorder.RecordAsync(pod, recorded, cancellationToken, fieldPath);
        }
    }
}
