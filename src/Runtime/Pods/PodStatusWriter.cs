using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Pods;

/// <summary>
/// Writes a pod's status: one write at a time, always the newest, so that changes that come quickly after one another become one write.
/// Any thread may call.
/// </summary>
internal sealed class PodStatusWriter(PodWorker worker, PodServices services)
{
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);

    private readonly Lock gate = new();
    private Task writing = Task.CompletedTask;
    private bool isDirty;

    public void Changed()
    {
        lock (gate)
        {
            isDirty = true;
            if (writing.IsCompleted)
            {
                writing = Task.Run(WriteAsync);
            }
        }
    }

    public Task FlushAsync()
    {
        lock (gate)
        {
            return writing;
        }
    }

    private async Task WriteAsync()
    {
        await Task.Delay(Gather, services.Time, CancellationToken.None);
        while (true)
        {
            lock (gate)
            {
                if (!isDirty)
                {
                    // Said under the lock: whoever sets the mark after this starts a new write.
                    writing = Task.CompletedTask;
                    return;
                }

                isDirty = false;
            }

            if (!await TryWriteAsync(new JsonObject { ["status"] = worker.BuildStatus() }))
            {
                return;
            }
        }
    }

    /// <summary>False when the pod is gone.</summary>
    private async Task<bool> TryWriteAsync(JsonObject body)
    {
        while (true)
        {
            try
            {
                // A status that is due is written even while the server stops: it is what the next life starts from.
                await services.Kube.PatchAsync(Kinds.Pod, worker.Pod.Key(), new Patch(PatchKind.Merge, body), CancellationToken.None, "status");
                return true;
            }
            catch (KubeException exception) when (exception.IsNotFound)
            {
                return false;
            }
            catch (KubeException exception) when (exception.IsTransient || exception.IsConflict)
            {
                await Task.Delay(Again, services.Time, CancellationToken.None);
                body = new JsonObject { ["status"] = worker.BuildStatus() };
            }
        }
    }
}
