using System.Threading.Channels;
using Hikigane.Pipelines.Steps;
using Hikigane.Runtime;

namespace Hikigane.Server.Steps;

/// <summary>
/// Does what the step protocol asks for, from outside the container: files through the pod's mounts, waiting without polling, and a process
/// only for the step's own command.
/// </summary>
public sealed class StepShell(ContainerPaths paths, PodSignals signals, TimeProvider time)
{
    /// <summary>Starts the step's command.</summary>
    public required Func<ContainerLaunch, CancellationToken, Task<RunningContainer>> StartAsync { get; init; }

    /// <summary>What the command is started with; command, environment and output are set per run.</summary>
    public required ContainerLaunch Launch { get; init; }

    /// <summary>Signals for the container, passed on to the command.</summary>
    public required ChannelReader<int> Received { get; init; }

    /// <summary>Runs a sequence to its exit. A signal to end while nothing runs ends it as it ends a Go program.</summary>
    public async Task<int> RunAsync(IEnumerable<StepAction> actions, CancellationToken cancellationToken)
    {
        foreach (var action in actions)
        {
            switch (action)
            {
                case StepAction.Exit exit:
                    signals.Raise();
                    return exit.Code;
                case StepAction.WaitFor wait:
                    if (await WaitAsync(wait, cancellationToken) is { } signal)
                    {
                        return 128 + signal;
                    }

                    break;
                case StepAction.Run run:
                    run.Outcome = await new StepExecution(this, paths, signals, time).RunAsync(run, cancellationToken);
                    break;
                case StepAction.Now now:
                    now.At = time.GetUtcNow();
                    break;
                case StepAction.Say say:
                    Say(say);
                    break;
                default:
                    StepFiles.Do(action, paths);
                    if (action is StepAction.WriteFile)
                    {
                        signals.Raise();
                    }

                    break;
            }
        }

        return 0;
    }

    private void Say(StepAction.Say say)
    {
        var stamp = say.IsStamped ? time.GetUtcNow().ToString("yyyy/MM/dd HH:mm:ss ", System.Globalization.CultureInfo.InvariantCulture) : "";
        Launch.Output(OutputStream.Stderr, System.Text.Encoding.UTF8.GetBytes($"{stamp}{say.Text}\n"));
    }

    /// <summary>Null when what was waited for came; else the signal that came first.</summary>
    private async Task<int?> WaitAsync(StepAction.WaitFor wait, CancellationToken cancellationToken)
    {
        int? signal = null;
        try
        {
            await signals.WaitUntilAsync(
                () =>
                {
                    if (Received.TryRead(out var received))
                    {
                        signal = received;
                        return true;
                    }

                    var file = new FileInfo(paths.ToHost(wait.Path));
                    if (file.Exists && (!wait.WithContent || file.Length > 0))
                    {
                        return true;
                    }

                    wait.HasFailed = wait.ErrorPath is { } error && File.Exists(paths.ToHost(error));
                    return wait.HasFailed;
                },
                cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return 9;
        }

        return signal;
    }
}
