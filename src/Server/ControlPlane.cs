using Hikigane.Kube;
using Hikigane.Ledger;

namespace Hikigane.Server;

/// <summary>
/// Everything on one machine, running: what <c>hikigane up</c> holds in its hands. Disposing stops it cleanly: listeners take no more events and
/// decide those they acknowledged, pods end, the stores are closed.
/// </summary>
public sealed class ControlPlane : IAsyncDisposable
{
    private readonly Stack<Func<ValueTask>> undo;

    internal ControlPlane(Stack<Func<ValueTask>> undo) => this.undo = undo;

    /// <summary><c>https://127.0.0.1:6443</c></summary>
    public required string ApiAddress { get; init; }

    /// <summary>The file that points kubectl here.</summary>
    public required string KubeconfigPath { get; init; }

    /// <summary>The shared address of all listeners, ending in a slash: <c>NAMESPACE/LISTENER</c> comes behind it.</summary>
    public required Uri ListenersAddress { get; init; }

    /// <summary>The API as its administrator.</summary>
    public required IKube Admin { get; init; }

    public required IPodStreams Pods { get; init; }

    public required LedgerReader Ledger { get; init; }

    /// <summary>Starts everything; a <see cref="StartException"/> says in one line why it cannot.</summary>
    public static Task<ControlPlane> StartAsync(
        UpOptions options, TimeProvider time, Microsoft.Extensions.Logging.ILoggerFactory logging, CancellationToken cancellationToken) =>
        Roles.StartAsync(options, time, logging, cancellationToken);

    /// <summary>The last that was started is the first that is stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        while (undo.TryPop(out var stop))
        {
            await stop();
        }
    }
}
