using System.Collections.Concurrent;
using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Server.Https;
using Hikigane.Triggers;
using Hikigane.Triggers.Interceptors;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Listener;

/// <summary>What the listeners of a process share.</summary>
public sealed record ListenerParts
{
    public required ILedger Ledger { get; init; }

    /// <summary>The API with the rights of a ServiceAccount.</summary>
    public required Impersonate Impersonate { get; init; }

    /// <summary>Looks at an object whose derived name is taken.</summary>
    public required IKube Reader { get; init; }

    public required FindResource Find { get; init; }

    /// <summary>See <see cref="CreatorParts.Serves"/>.</summary>
    public Predicate<string> Serves { get; init; } = _ => true;

    public required InterceptorPorts Ports { get; init; }

    /// <summary>Posts CloudEvents about the fate of events; null: none are posted.</summary>
    public SendCloudEvent? SendCloudEvent { get; init; }

    /// <summary>Reads the Secrets that a listener's annotations name, in its own namespace.</summary>
    public SecretReader Secrets { get; init; } = (key, _) => ValueTask.FromResult(SecretValue.Missing($"secrets \"{key.Name}\" not found"));

    /// <summary>Where listeners listen. Port 0: free ports, for events and for metrics.</summary>
    public ListenAddress Listen { get; init; } = ListenAddress.Loopback;

    /// <summary>Out of which the listeners of the process take the bytes of bodies, those with a cap of their own excepted.</summary>
    internal BodyBytes Bodies { get; init; } = new(BodyBytes.Default);

    /// <summary>Whether the process is one listener and no more.</summary>
    public bool IsAlone { get; init; }

    /// <summary>Who this process is for the ledger's leases.</summary>
    public string Holder { get; } = Guid.NewGuid().ToString("N");

    /// <summary>See <see cref="DecisionLoop.InHand"/>.</summary>
    public ConcurrentDictionary<string, DecisionLoop.Holding> InHand { get; } = new();

    public required TimeProvider Time { get; init; }

    public required ILoggerFactory Logging { get; init; }
}
