namespace Hikigane.Server;

/// <summary>How <c>hikigane up</c> runs.</summary>
public sealed record UpOptions
{
    /// <summary>Holds everything: store, ledger, keys, volumes, logs. Made when it is not there.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Port of the API on 127.0.0.1; 0 picks a free one.</summary>
    public int Port { get; init; }

    /// <summary>Where the kubeconfig is written; null: <c>kubeconfig</c> in the data directory.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Objects and events are gone with the process; logs and volumes still use the data directory.</summary>
    public bool IsInMemory { get; init; }

    /// <summary>Address of the PostgreSQL that holds the events; null: a file in the data directory.</summary>
    public string? Ledger { get; init; }

    /// <summary>What is kept of events, and for how long.</summary>
    public Hikigane.Ledger.LedgerOptions Kept { get; init; } = Hikigane.Ledger.LedgerOptions.Default;

    /// <summary>Whether steps may run as plain processes where no sandbox can be had.</summary>
    public bool AllowsNoSandbox { get; init; }
}
