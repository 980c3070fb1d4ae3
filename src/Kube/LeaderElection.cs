using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Microsoft.Extensions.Logging;

namespace Hikigane.Kube;

/// <summary>Which Lease is contended for, by whom, and with which times.</summary>
public sealed record LeaderOptions(ObjectKey Lease, string Identity)
{
    /// <summary>How long a leader that has fallen silent keeps the Lease.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often the Lease is looked at or renewed.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a leader that cannot renew goes on leading; less than <see cref="Duration"/>, so that there are never two.</summary>
    public TimeSpan Deadline => Duration * 2 / 3;
}

/// <summary>
/// One of several replicas leads: the one that holds the Lease. Whoever stops in order gives it up, so that another takes over at once; whoever
/// falls silent loses it after a while. Clocks of different machines are never compared. As client-go tools/leaderelection.
/// </summary>
public sealed partial class LeaderElection(IKube kube, LeaderOptions options, TimeProvider time, ILogger<LeaderElection> logger)
{
    private string observed = "";
    private long observedAt;

    /// <summary>Whether this replica leads right now.</summary>
    public bool IsLeader { get; private set; }

    /// <summary>Contends until cancelled; <paramref name="lead"/> runs while this replica leads and is cancelled when it does not any more.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await TryHoldAsync(cancellationToken))
            {
                await LeadAsync(lead, cancellationToken);
            }

            await PauseAsync(cancellationToken);
        }
    }

    private async Task LeadAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        Log.Leads(logger, options.Identity, options.Lease);
        IsLeader = true;
        using var leading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = lead(leading.Token);
        var renewed = time.GetTimestamp();
        while (!cancellationToken.IsCancellationRequested && !work.IsCompleted && time.GetElapsedTime(renewed) < options.Deadline)
        {
            await Task.WhenAny(work, PauseAsync(cancellationToken));
            if (!cancellationToken.IsCancellationRequested && await TryHoldAsync(cancellationToken))
            {
                renewed = time.GetTimestamp();
            }
        }

        await leading.CancelAsync();
        try
        {
            await work;
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            IsLeader = false;
            Log.LeadsNoMore(logger, options.Identity, options.Lease);
            await ReleaseAsync();
        }
    }

    /// <summary>Takes or renews the Lease; whether it is ours now.</summary>
    private async Task<bool> TryHoldAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (ns, name) = (options.Lease.Namespace, options.Lease.Name);
            JsonObject lease;
            try
            {
                lease = (await kube.GetAsync(Kinds.Lease, ns, name, cancellationToken)).Copy();
            }
            catch (KubeException exception) when (exception.IsNotFound)
            {
                await kube.CreateAsync(Kinds.Lease, ns, New(), cancellationToken);
                return true;
            }

            var holder = lease.Text("spec", "holderIdentity") ?? "";
            if (holder != options.Identity && holder.Length > 0 && !IsSilent(lease))
            {
                return false;
            }

            Hold(lease, isNew: holder != options.Identity);
            await kube.UpdateAsync(Kinds.Lease, lease, cancellationToken);
            return true;
        }
        catch (KubeException exception)
        {
            if (!exception.IsConflict && !exception.IsAlreadyExists)
            {
                Log.Failed(logger, options.Lease, exception.Message);
            }

            return false;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Whether the holder has not renewed for as long as it promised, by this machine's own clock.</summary>
    private bool IsSilent(JsonObject lease)
    {
        var now = lease["spec"]?.ToJsonString() ?? "";
        if (now != observed)
        {
            (observed, observedAt) = (now, time.GetTimestamp());
            return false;
        }

        return time.GetElapsedTime(observedAt) > TimeSpan.FromSeconds(lease.Integer("spec", "leaseDurationSeconds") ?? (long)options.Duration.TotalSeconds);
    }

    private void Hold(JsonObject lease, bool isNew)
    {
        var spec = lease.Ensure("spec");
        var now = Stamp();
        if (isNew)
        {
            spec["acquireTime"] = now;
            spec["leaseTransitions"] = (spec.Integer("leaseTransitions") ?? 0) + 1;
        }

        spec["holderIdentity"] = options.Identity;
        spec["leaseDurationSeconds"] = Math.Max(1, (long)options.Duration.TotalSeconds);
        spec["renewTime"] = now;
    }

    private JsonObject New()
    {
        var lease = new JsonObject
        {
            ["apiVersion"] = Kinds.Lease.ApiVersion,
            ["kind"] = "Lease",
            ["metadata"] = new JsonObject { ["name"] = options.Lease.Name, ["namespace"] = options.Lease.Namespace },
        };
        Hold(lease, isNew: true);
        lease["spec"]!["leaseTransitions"] = 0;
        return lease;
    }

    private async Task ReleaseAsync()
    {
        // Not cancellable: while nobody has given it up, nobody leads. Bounded instead.
        using var longest = new CancellationTokenSource(options.Retry, time);
        try
        {
            var lease = (await kube.GetAsync(Kinds.Lease, options.Lease.Namespace, options.Lease.Name, longest.Token)).Copy();
            if (lease.Text("spec", "holderIdentity") == options.Identity)
            {
                var spec = lease.Ensure("spec");
                spec["holderIdentity"] = "";
                spec["leaseDurationSeconds"] = 1;
                spec["renewTime"] = Stamp();
                await kube.UpdateAsync(Kinds.Lease, lease, longest.Token);
            }
        }
        catch (Exception exception) when (exception is KubeException or OperationCanceledException)
        {
            // It runs out by itself.
        }
    }

    private Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(options.Retry, time, cancellationToken)
        .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private string Stamp() => time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} leads {Lease}")]
        public static partial void Leads(ILogger logger, string identity, ObjectKey lease);

        [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} does not lead {Lease} any more")]
        public static partial void LeadsNoMore(ILogger logger, string identity, ObjectKey lease);

        [LoggerMessage(Level = LogLevel.Warning, Message = "the Lease {Lease} could not be taken or renewed: {Cause}")]
        public static partial void Failed(ILogger logger, ObjectKey lease, string cause);
    }
}
