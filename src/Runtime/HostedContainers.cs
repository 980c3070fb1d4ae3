using System.Text.Json.Nodes;

namespace Hikigane.Runtime;

/// <summary>
/// Runs a container inside this process instead of as one of its own; returns its exit code. Cancelled when the container has to stop
/// and its grace period is over; <see cref="ContainerContext.Signals"/> says earlier that it should.
/// </summary>
public delegate Task<int> ContainerProgram(ContainerContext context, CancellationToken cancellationToken);

/// <summary>
/// The containers that this process serves itself: listeners and controllers, and the steps of tasks. Filled by the wiring before the
/// pod loop starts; the Runtime knows none of them.
/// </summary>
public sealed class HostedContainers
{
    private readonly List<Entry> entries = [];

    /// <summary>Adds a program for the containers that <paramref name="recognises"/> accepts (given the container's spec).</summary>
    /// <param name="isResumable">Whether it is started again when the server was restarted: it has no state of its own.</param>
    public void Add(Func<JsonObject, bool> recognises, ContainerProgram program, bool isResumable) =>
        entries.Add(new Entry(recognises, program, isResumable));

    internal ContainerProgram? Find(JsonObject container) => entries.Find(entry => entry.Recognises(container))?.Program;

    /// <summary>Whether a process is started for a container: by the runtime, or by a hosted program on its behalf.</summary>
    internal bool StartsProcesses(JsonObject container) => entries.Find(entry => entry.Recognises(container)) is not { IsResumable: true } && !Pods.ContainerLaunches.IsNoOperation(container);

    internal bool IsResumable(JsonObject container) => entries.Find(entry => entry.Recognises(container))?.IsResumable == true;

    private sealed record Entry(Func<JsonObject, bool> Recognises, ContainerProgram Program, bool IsResumable);
}

/// <summary>What a hosted program has of its container.</summary>
public sealed class ContainerContext
{
    /// <summary>The pod as it was when the container was started.</summary>
    public required JsonObject Pod { get; init; }

    /// <summary>The container's entry in the pod's spec.</summary>
    public required JsonObject Container { get; init; }

    /// <summary>What a process would have been started with.</summary>
    public required ContainerLaunch Launch { get; init; }

    /// <summary>The container's file system as seen from the host.</summary>
    public required ContainerPaths Paths { get; init; }

    /// <summary>Wakes whoever waits for a file of the pod.</summary>
    public required PodSignals Signals { get; init; }

    /// <summary>Starts a process in the container.</summary>
    public required Func<ContainerLaunch, CancellationToken, Task<RunningContainer>> StartAsync { get; init; }

    /// <summary>Says on which loopback port a port of the container is served; port-forward goes there.</summary>
    public required Action<int, int> ServesPort { get; init; }

    /// <summary>Signals that were sent to the container, in order (15: it should end).</summary>
    public required System.Threading.Channels.ChannelReader<int> Received { get; init; }
}
