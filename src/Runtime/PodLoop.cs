using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Runtime.Pods;
using Hikigane.Runtime.Volumes;
using Microsoft.Extensions.Logging;

namespace Hikigane.Runtime;

/// <summary>
/// The embedded kubelet, and the spine of the Runtime: every pod that is bound to this node is handed to a <see cref="PodWorker"/>, which
/// takes it through its life. Reads pods from the cache, writes their status; nothing else is shared with the rest of the system.
/// </summary>
public sealed partial class PodLoop
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private readonly ObjectCaches caches;
    private readonly NodeOptions node;
    private readonly PodServices services;
    private readonly ILogger logger;
    private readonly ConcurrentDictionary<string, PodWorker> workers = new();
    private CancellationToken stopping;

    public PodLoop(ObjectCaches caches, ContainerHost host, NodeOptions node, TimeProvider time, ILogger<PodLoop> logger)
    {
        this.caches = caches;
        this.node = node;
        this.logger = logger;
        services = new PodServices(caches, new PodEvents(new EventRecorder(caches.Kube, time, "kubelet")), host, node, time);
    }

    /// <summary>Runs until cancelled; then stops every container and waits for it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        stopping = cancellationToken;
        var pods = caches.For(Kinds.Pod);
        await pods.Synced.WaitAsync(cancellationToken);
        RemoveOrphans([.. pods.All.Select(pod => pod.Uid())]);
        pods.OnChange(OnPodChanged);
        caches.For(Kinds.ConfigMap).OnChange(changed => OnSourceChanged(VolumeSource.ConfigMap, changed));
        caches.For(Kinds.Secret).OnChange(changed => OnSourceChanged(VolumeSource.Secret, changed));
        using var looks = services.Time.CreateTimer(_ => LookAgain(), null, LookEvery, LookEvery);
        try
        {
            await services.Events.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
        }

        await Task.WhenAll(workers.Values.Select(worker => worker.Completion));
    }

    internal PodWorker? WorkerOf(JsonObject pod) => workers.GetValueOrDefault(pod.Uid());

    private void OnPodChanged(JsonObject pod)
    {
        if (pod.Text("spec", "nodeName") != node.NodeName || stopping.IsCancellationRequested)
        {
            return;
        }

        // A deletion is announced with the last state; only the cache knows that the object is gone.
        var uid = pod.Uid();
        var current = caches.For(Kinds.Pod).Get(pod.Key());
        if (current is null || current.Uid() != uid)
        {
            if (workers.TryRemove(uid, out var gone))
            {
                gone.Removed();
            }
            else
            {
                PodFiles.Remove(node.PodDirectory(uid));
            }

            return;
        }

        if (workers.TryGetValue(uid, out var worker))
        {
            worker.Observe(current);
        }
        else if (current.Text("status", "phase") is not ("Succeeded" or "Failed") || current.IsBeingDeleted())
        {
            workers[uid] = worker = new PodWorker(current, services);
            worker.Start(exception => Log.PodFailed(logger, pod.Key(), exception), stopping);
        }
    }

    private void OnSourceChanged(string kind, JsonObject changed)
    {
        var source = new VolumeSource(kind, changed.Name());
        foreach (var worker in workers.Values.Where(worker => worker.Namespace == changed.Namespace()))
        {
            worker.Refresh(source);
        }
    }

    /// <summary>Tokens are renewed before they expire, and what a failure kept from being refreshed is refreshed.</summary>
    private void LookAgain()
    {
        foreach (var worker in workers.Values)
        {
            worker.Refresh(VolumeSource.Any);
        }
    }

    /// <summary>Files of pods that were deleted while this process was away.</summary>
    private void RemoveOrphans(HashSet<string> known)
    {
        var root = Path.Combine(node.DataDirectory, "pods");
        if (Directory.Exists(root))
        {
            foreach (var folder in Directory.EnumerateDirectories(root).Where(folder => !known.Contains(Path.GetFileName(folder))))
            {
                PodFiles.Remove(folder);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "pod {Key} could not be run")]
        public static partial void PodFailed(ILogger logger, ObjectKey key, Exception exception);
    }
}

/// <summary>What every pod's worker needs of its surroundings.</summary>
internal sealed record PodServices(ObjectCaches Caches, PodEvents Events, ContainerHost Host, NodeOptions Node, TimeProvider Time)
{
    public IKube Kube => Caches.Kube;
}

/// <summary>Folders of pods.</summary>
internal static class PodFiles
{
    public static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    /// <summary>Removes a folder with all that is in it; what cannot be removed now is removed at the next start.</summary>
    public static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }
}
