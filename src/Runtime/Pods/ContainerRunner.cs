using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hikigane.Resources.Json;
using Hikigane.Runtime.Logs;

namespace Hikigane.Runtime.Pods;

/// <summary>
/// One container through its runs: waiting, running, terminated, and again as the restart policy says. Its own task runs it; signals and
/// spec changes come from any thread.
/// </summary>
internal sealed class ContainerRunner(PodWorker worker, ContainerRecord record, PodServices services)
{
    private static readonly TimeSpan ConfigAgain = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Execution? current;
    private bool mustRestart;
    private readonly RestartBackoff backoff = new();

    public ContainerRecord Record => record;

    /// <summary>Completes when the container has started once, its startup probe included, or will not.</summary>
    public Task Started => started.Task;

    public void SetStarted() => started.TrySetResult();

    public RunningContainer? Running => current?.Process;

    /// <summary>Container port → port on loopback, of a container served in this process.</summary>
    public System.Collections.Concurrent.ConcurrentDictionary<int, int> Ports { get; } = new();

    public string LogPath(int restart) => Path.Combine(worker.Folder, "logs", record.Name, $"{restart}.log");

    public ContainerLog? Log(int restart) => current is { } execution && execution.Restart == restart ? execution.Log : null;

    /// <summary>Runs until the container has ended for good.</summary>
    public async Task RunAsync(CancellationToken ending)
    {
        if (record.IsTerminated && !MayRestart())
        {
            return;
        }

        if (record.IsTerminated)
        {
            PrepareRestart();
        }

        while (!ending.IsCancellationRequested)
        {
            if (await PrepareAsync(ending) is not { } launch)
            {
                break;
            }

            var startedAt = services.Time.GetUtcNow();
            await ExecuteAsync(launch, startedAt);
            if (ending.IsCancellationRequested || !(mustRestart || MayRestart()))
            {
                break;
            }

            if (!mustRestart && !await BackOffAsync(ending))
            {
                break;
            }

            mustRestart = false;
            PrepareRestart();
        }

        started.TrySetResult();
        if (!record.IsTerminated)
        {
            var now = services.Time.GetUtcNow();
            lock (worker.Gate)
            {
                record.Terminate(137, "ContainerStatusUnknown", "The container was stopped before it was started", now, now);
            }
        }
    }

    /// <summary>A changed image ends the running program and starts the new one, whatever the restart policy.</summary>
    public void ObserveSpec(JsonObject spec)
    {
        if (record.Spec.Text("image") == spec.Text("image"))
        {
            return;
        }

        lock (worker.Gate)
        {
            record.Spec = spec;
        }

        if (record.IsRunning)
        {
            mustRestart = true;
            worker.Record("Normal", "Killing", $"Container {record.Name} definition changed, will be restarted", record.Name);
            _ = StopAsync(worker.GracePeriod, isQuiet: true);
        }
    }

    public Task StopAsync(long graceSeconds) => StopAsync(graceSeconds, isQuiet: false);

    /// <param name="isQuiet">Whether the reason was already said.</param>
    public async Task StopAsync(long graceSeconds, bool isQuiet)
    {
        if (current is not { } execution)
        {
            return;
        }

        if (!isQuiet)
        {
            worker.Record("Normal", "Killing", $"Stopping container {record.Name}", record.Name, record.IsInit);
        }

        var asked = services.Time.GetTimestamp();
        await ContainerHooks.PreStopAsync(worker, this, services, graceSeconds);
        execution.Send(graceSeconds > 0 ? 15 : 9);
        if (graceSeconds > 0)
        {
            // Whatever the hook took, the program gets two seconds.
            var left = TimeSpan.FromSeconds(graceSeconds) - services.Time.GetElapsedTime(asked);
            try
            {
                await execution.Ended.Task.WaitAsync(left > TimeSpan.FromSeconds(2) ? left : TimeSpan.FromSeconds(Math.Min(graceSeconds, 2)), services.Time);
            }
            catch (TimeoutException)
            {
                execution.Send(9);
            }
        }

        await execution.Ended.Task;
    }

    private async Task<ContainerLaunch?> PrepareAsync(CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                return await ContainerLaunches.BuildAsync(worker, record.Spec, services, ending);
            }
            catch (ContainerConfigException exception)
            {
                lock (worker.Gate)
                {
                    record.Wait("CreateContainerConfigError", exception.Message);
                }

                worker.Changed();
                worker.Record("Warning", "Failed", $"Error: {exception.Message}", record.Name, record.IsInit);
                await Task.Delay(ConfigAgain, services.Time, ending).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }

        return null;
    }

    private async Task ExecuteAsync(ContainerLaunch launch, DateTimeOffset startedAt)
    {
        using var log = new ContainerLog(LogPath(record.RestartCount), services.Time);
        var execution = new Execution(log, record.RestartCount);
        launch = launch with { Output = log.Write };
        var (reason, message) = ("", "");
        int exitCode;
        try
        {
            var image = record.Spec.Text("image") ?? "";
            worker.Record("Normal", "Pulled", $"Container image \"{image}\" already present on machine", record.Name, record.IsInit);
            worker.Record("Normal", "Created", $"Created container: {record.Name}", record.Name, record.IsInit);
            var exit = await StartAsync(launch, execution);
            Start(startedAt);
            if (worker.IsEnding)
            {
                execution.Send(9);
            }

            exitCode = await exit;
        }
        catch (ContainerStartException exception)
        {
            (exitCode, reason, message) = (128, "StartError", exception.Message);
            worker.Record("Warning", "Failed", $"Error: {exception.Message}", record.Name, record.IsInit);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            (exitCode, reason, message) = (255, "Error", exception.Message);
        }

        log.Dispose();
        End(launch, exitCode, (reason, message), startedAt);
        current = null;
        execution.Ended.TrySetResult();
        worker.Signals.Raise();
    }

    private async Task<Task<int>> StartAsync(ContainerLaunch launch, Execution execution)
    {
        var program = ContainerLaunches.IsNoOperation(record.Spec) ? NoOperation.RunAsync : services.Host.Hosted.Find(record.Spec);
        if (program is null)
        {
            execution.Process = await services.Host.Runtime.StartAsync(launch, CancellationToken.None);
            current = execution;
            return CodeAsync(execution.Process.Exit);
        }

        current = execution;
        var context = new ContainerContext
        {
            Pod = worker.Pod,
            Container = record.Spec,
            Launch = launch,
            Paths = new ContainerPaths(launch.Binds),
            Signals = worker.Signals,
            StartAsync = async (inner, cancellationToken) => execution.Process = await services.Host.Runtime.StartAsync(inner, cancellationToken),
            ServesPort = (port, loopback) => Ports[port] = loopback,
            Received = execution.Received.Reader,
        };
        return program(context, execution.Killed.Token);
    }

    private static async Task<int> CodeAsync(Task<ContainerExit> exit) => (await exit).Code;

    private void Start(DateTimeOffset startedAt)
    {
        lock (worker.Gate)
        {
            record.ContainerId = $"{services.Host.Runtime.Name}://{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{worker.Pod.Uid()}/{record.Name}/{record.RestartCount}")))}";
            record.ImageId = services.Host.Runtime.ImageId(record.Spec.Text("image") ?? "");
            record.Run(startedAt);
            record.HasStarted = record.Spec["startupProbe"] is null;
            record.IsReady = record.Spec["readinessProbe"] is null && record.HasStarted;
        }

        worker.Record("Normal", "Started", $"Started container {record.Name}", record.Name, record.IsInit);
        worker.Changed();
        if (current is { } execution)
        {
            _ = FollowAsync(execution.Ended.Task);
        }
        else
        {
            started.TrySetResult();
        }
    }

    private async Task FollowAsync(Task ended)
    {
        if (await ContainerHooks.PostStartAsync(worker, this, services) is not null)
        {
            await StopAsync(worker.GracePeriod, isQuiet: true);
            return;
        }

        await new ContainerProbes(worker, this, services, ended).RunAsync();
    }

    private void End(ContainerLaunch launch, int exitCode, (string Reason, string Message) cause, DateTimeOffset startedAt)
    {
        var file = new ContainerPaths(launch.Binds).ToHost(ContainerLaunches.MessagePath(record.Spec));
        var message = cause.Message.Length > 0 ? cause.Message
            : TerminationMessage.Read(file, record.Spec.Text("terminationMessagePolicy"), exitCode, LogPath(record.RestartCount));
        var reason = cause.Reason.Length > 0 ? cause.Reason : exitCode == 0 ? "Completed" : "Error";
        lock (worker.Gate)
        {
            record.Terminate(exitCode, reason, message, startedAt, services.Time.GetUtcNow());
        }

        worker.Changed();
    }

    private bool MayRestart() => (record.IsSidecar ? "Always" : record.Spec.Text("restartPolicy") ?? worker.Pod.Text("spec", "restartPolicy") ?? "Always") switch
    {
        "Always" => !record.IsInit || record.IsSidecar || record.ExitCode != 0,
        "OnFailure" => record.ExitCode != 0,
        _ => false,
    };

    private async Task<bool> BackOffAsync(CancellationToken ending)
    {
        if (backoff.Left(services.Time.GetUtcNow()) is { } left)
        {
            var pod = $"{worker.Pod.Name()}_{worker.Namespace}({worker.Pod.Uid()})";
            lock (worker.Gate)
            {
                record.Wait("CrashLoopBackOff", $"back-off {RestartBackoff.Text(backoff.Delay)} restarting failed container={record.Name} pod={pod}");
            }

            worker.Changed();
            worker.Record("Warning", "BackOff", $"Back-off restarting failed container {record.Name} in pod {pod}", record.Name, record.IsInit);
            try
            {
                await Task.Delay(left, services.Time, ending);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }

        backoff.Next(services.Time.GetUtcNow());
        return true;
    }

    private void PrepareRestart()
    {
        lock (worker.Gate)
        {
            if (record.IsTerminated)
            {
                record.Wait("ContainerCreating", null);
            }

            record.RestartCount++;
        }
    }

    /// <summary>One run of the container.</summary>
    private sealed class Execution(ContainerLog log, int restart)
    {
        public ContainerLog Log { get; } = log;

        public int Restart { get; } = restart;

        public RunningContainer? Process { get; set; }

        public Channel<int> Received { get; } = Channel.CreateUnbounded<int>();

        public CancellationTokenSource Killed { get; } = new();

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>To a hosted program through its channel, which passes it on; a kill goes to both.</summary>
        public void Send(int signal)
        {
            Received.Writer.TryWrite(signal);
            Process?.Signal(signal);
            if (signal == 9)
            {
                Killed.Cancel();
            }
        }
    }
}
