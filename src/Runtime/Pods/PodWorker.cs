using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Reconcile;
using Hikigane.Runtime.Volumes;

namespace Hikigane.Runtime.Pods;

/// <summary>
/// The life of one pod: volumes, init containers in order, containers together, end. One task runs it; any thread may tell it of
/// changes. Whatever ran before this process started is dead, and is reported so: nothing is silently run a second time.
/// </summary>
internal sealed class PodWorker
{
    private static readonly TimeSpan MountAgain = TimeSpan.FromSeconds(1);

    private readonly PodServices services;
    private readonly Lock gate = new();
    private readonly PodStatusWriter writer;
    private readonly List<ContainerRunner> runners = [];
    // Holds nothing that has to be given back: its wait handle is never asked for.
    private SemaphoreSlim Refreshing { get; } = new(1, 1);

    private JsonObject pod;
    private (string Reason, string Message)? failure;
    private Task stopping = Task.CompletedTask;
    private bool isRemoved;
    private bool mayBeStopping;

    public PodWorker(JsonObject pod, PodServices services)
    {
        this.pod = pod;
        this.services = services;
        Folder = services.Node.PodDirectory(pod.Uid());
        Signals = new PodSignals(services.Time);
        Volumes = new PodVolumes(Path.Combine(Folder, "volumes"), services);
        runners.AddRange(pod.Objects("spec", "initContainers").Select(spec => new ContainerRunner(this, new ContainerRecord(spec, isInit: true), services)));
        runners.AddRange(pod.Objects("spec", "containers").Select(spec => new ContainerRunner(this, new ContainerRecord(spec, isInit: false), services)));
        writer = new PodStatusWriter(this, services);
    }

    public string Folder { get; }

    /// <summary>Cancelled when no container may be started any more.</summary>
    private CancellationTokenSource Ending { get; } = new();

    public PodSignals Signals { get; }

    public PodVolumes Volumes { get; }

    public string Namespace => pod.Namespace();

    public Task Completion { get; private set; } = Task.CompletedTask;

    public JsonObject Pod
    {
        get
        {
            lock (gate)
            {
                return pod;
            }
        }
    }

    public Lock Gate => gate;

    public bool IsEnding => Ending.IsCancellationRequested;

    public ContainerRunner? Runner(string container) => runners.Find(runner => runner.Record.Name == container);

    public void Start(Action<Exception> onFailure, CancellationToken cancellationToken) =>
        Completion = Task.Run(() => RunAsync(onFailure, cancellationToken), CancellationToken.None);

    /// <summary>The pod has changed: annotations reach the downward API, images restart, a deletion stops.</summary>
    public void Observe(JsonObject changed)
    {
        lock (gate)
        {
            pod = changed;
        }

        Refresh(VolumeSource.Pod);
        foreach (var spec in changed.Objects("spec", "containers"))
        {
            Runner(spec.Text("name") ?? "")?.ObserveSpec(spec);
        }

        if (changed.IsBeingDeleted())
        {
            StopAll(changed.Integer("metadata", "deletionGracePeriodSeconds") ?? changed.Integer("spec", "terminationGracePeriodSeconds") ?? 30);
        }
    }

    /// <summary>Brings mounted contents up to date that come from this source; most changes are of objects that a pod does not mount.</summary>
    public void Refresh(VolumeSource source)
    {
        if (source.IsIn(Pod))
        {
            _ = RefreshAsync(source);
        }
    }

    /// <summary>The object is gone: nothing is reported any more.</summary>
    public void Removed()
    {
        isRemoved = true;
        StopAll(0);
        _ = Completion.ContinueWith(_ => PodFiles.Remove(Folder), TaskScheduler.Default);
    }

    public void Changed() => writer.Changed();

    public long GracePeriod => Pod.Integer("spec", "terminationGracePeriodSeconds") ?? 30;

    public void Record(string type, string reason, string message, string? container = null, bool isInit = false) =>
        services.Events.Record(Pod, new ObjectEvent(type, reason, message), container is null ? null : $"spec.{(isInit ? "initContainers" : "containers")}{{{container}}}");

    public JsonObject BuildStatus()
    {
        lock (gate)
        {
            return PodStatusBuilder.Build(pod, [.. runners.Select(runner => runner.Record)], services.Node, failure, services.Time.GetUtcNow());
        }
    }

    private async Task RunAsync(Action<Exception> onFailure, CancellationToken cancellationToken)
    {
        using var stopWithServer = cancellationToken.Register(() => StopAll(0));
        using var deadline = ArmDeadline();
        try
        {
            // 1. What another life of this process has left.
            var isKnown = Pod.Text("status", "phase") is "Succeeded" or "Failed";
            if (!isKnown && TakeOver())
            {
                // 2. Volumes.
                Announce();
                // Whoever watches sees Init:0/N and PodInitializing, however quick the pod is.
                await writer.FlushAsync();
                await MountAsync();

                // 3. Init containers in order; those that stay run beside the others.
                var background = new List<Task>();
                var isReady = await RunInitAsync(background);
                await writer.FlushAsync();

                // 4. Containers together.
                if (isReady)
                {
                    await Task.WhenAll(runners.Where(runner => !runner.Record.IsInit).Select(runner => runner.RunAsync(Ending.Token)));
                }

                await StopSidecarsAsync(background);
            }
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            onFailure(exception);
            failure ??= ("ContainerStatusUnknown", exception.Message);
            StopAll(0);
        }

        await stopping;
        await FinishAsync(cancellationToken);
    }

    /// <summary>Whether the pod may be run: false when it ran before and must not run again.</summary>
    private bool TakeOver()
    {
        // The log is made before a program is started: where there is none, nothing has run, whatever was prepared.
        var wasStarted = Directory.Exists(Path.Combine(Folder, "logs")) || (!Directory.Exists(Folder) && Pod.Text("status", "startTime") is not null);
        Directory.CreateDirectory(Folder);
        if (!wasStarted)
        {
            return true;
        }

        var now = services.Time.GetUtcNow();
        var isNever = Pod.Text("spec", "restartPolicy") == "Never";
        lock (gate)
        {
            foreach (var runner in runners)
            {
                var record = runner.Record;
                var status = pod.Objects("status", record.IsInit ? "initContainerStatuses" : "containerStatuses").FirstOrDefault(one => one.Text("name") == record.Name);
                if (status is not null)
                {
                    record.Restore(status);
                }

                if (!record.IsTerminated)
                {
                    record.Terminate(137, "ContainerStatusUnknown", "The container could not be located when the server was restarted", now, now);
                }
            }
        }

        return !isNever || runners.All(runner => services.Host.Hosted.IsResumable(runner.Record.Spec));
    }

    /// <summary>The first status: what waits, and for what.</summary>
    private void Announce()
    {
        if (runners.Exists(runner => runner.Record.IsInit))
        {
            lock (gate)
            {
                foreach (var runner in runners.Where(runner => !runner.Record.IsTerminated))
                {
                    runner.Record.Wait("PodInitializing", null);
                }
            }
        }

        if (services.Host.Runtime.ImageNotice is { } notice && runners.Exists(runner => services.Host.IsOutside(runner.Record.Spec)))
        {
            Record("Normal", "ImageNotUsed", notice);
        }

        Changed();
    }

    private async Task MountAsync()
    {
        while (true)
        {
            try
            {
                await Refreshing.WaitAsync(Ending.Token);
                try
                {
                    await Volumes.MountAsync(Pod, Ending.Token);
                    return;
                }
                finally
                {
                    Refreshing.Release();
                }
            }
            catch (MountException exception)
            {
                Record("Warning", "FailedMount", exception.Message);
                await Task.Delay(MountAgain, services.Time, Ending.Token);
            }
        }
    }

    private async Task<bool> RunInitAsync(List<Task> background)
    {
        var init = runners.Where(runner => runner.Record.IsInit).ToList();
        foreach (var runner in init)
        {
            if (runner.Record.IsSidecar)
            {
                background.Add(runner.RunAsync(Ending.Token));
                await runner.Started.WaitAsync(Ending.Token);
                continue;
            }

            if (runner.Record is { IsTerminated: true, ExitCode: 0 })
            {
                continue;
            }

            await runner.RunAsync(Ending.Token);
            if (runner.Record.ExitCode != 0)
            {
                return false;
            }
        }

        return true;
    }

    private async Task StopSidecarsAsync(List<Task> background)
    {
        foreach (var sidecar in runners.Where(runner => runner.Record.IsSidecar).Reverse())
        {
            await sidecar.StopAsync(GracePeriod);
        }

        await Task.WhenAll(background);
    }

    private async Task FinishAsync(CancellationToken serverStopping)
    {
        if (isRemoved || serverStopping.IsCancellationRequested)
        {
            return;
        }

        if (Pod.Text("status", "phase") is not ("Succeeded" or "Failed"))
        {
            Changed();
        }

        await writer.FlushAsync();
        PodFiles.Remove(Path.Combine(Folder, "volumes"));
        PodFiles.Remove(Path.Combine(Folder, "containers"));
        bool isBeingDeleted;
        lock (gate)
        {
            isBeingDeleted = pod.IsBeingDeleted();
            mayBeStopping = !isBeingDeleted;
        }

        if (isBeingDeleted)
        {
            await DeleteAsync();
        }
    }

    private async Task DeleteAsync()
    {
        try
        {
            // Must finish even when the server stops: the deletion was asked for, and the containers have ended.
            await services.Kube.DeleteAsync(Kinds.Pod, Pod.Key(), new DeleteQuery(Pod.Uid(), null, 0), CancellationToken.None);
        }
        catch (KubeException exception) when (exception.IsNotFound || exception.IsConflict)
        {
        }
    }

    private void StopAll(long graceSeconds)
    {
        lock (gate)
        {
            if (mayBeStopping && pod.IsBeingDeleted())
            {
                mayBeStopping = false;
                stopping = Task.Run(DeleteAsync);
                return;
            }

            if (Ending.IsCancellationRequested && graceSeconds > 0)
            {
                return;
            }

            stopping = Task.WhenAll([stopping, .. runners.Select(runner => Task.Run(() => runner.StopAsync(graceSeconds)))]);
        }

        Ending.Cancel();
    }

    private ITimer? ArmDeadline()
    {
        if (Pod.Integer("spec", "activeDeadlineSeconds") is not { } seconds)
        {
            return null;
        }

        var due = TimeSpan.FromSeconds(Math.Min(seconds, 40L * 24 * 3600));
        return services.Time.CreateTimer(
            _ =>
            {
                failure ??= ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
                StopAll(GracePeriod);
            },
            null, due, Timeout.InfiniteTimeSpan);
    }

    private async Task RefreshAsync(VolumeSource source)
    {
        try
        {
            // One at a time: two writers of one folder would take each other's files away.
            await Refreshing.WaitAsync(Ending.Token);
            try
            {
                if (await Volumes.RefreshAsync(Pod, source, Ending.Token))
                {
                    Signals.Raise();
                }
            }
            finally
            {
                Refreshing.Release();
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or KubeException or UnauthorizedAccessException)
        {
            // The next change, or the next look, tries again; a pod that is ending has no folder any more.
        }
    }
}
