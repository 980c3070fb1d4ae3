using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Microsoft.Extensions.Logging;

namespace Hikigane.Server.Https;

/// <summary>Which Secret holds the certificate of which Service.</summary>
/// <param name="OtherHost">A name or address that it is reached by outside of the cluster; null: none.</param>
public sealed record ServingName(string Namespace, string Secret, string Service, string? OtherHost = null)
{
    /// <summary>The names that the Service is reached by.</summary>
    public IReadOnlyList<string> Hosts =>
    [
        $"{Service}.{Namespace}.svc", $"{Service}.{Namespace}.svc.cluster.local", $"{Service}.{Namespace}", Service,
        .. OtherHost is null ? Array.Empty<string>() : [OtherHost],
    ];
}

/// <summary>
/// The certificate that a part serves with, kept in a Secret so that all its replicas share one. Looked at every minute: made when it is missing,
/// renewed before it ends; each handshake takes the newest. Any thread may read; one loop writes. As tektoncd/triggers pkg/interceptors/server.
/// </summary>
public sealed partial class ServingSecret(IKube kube, ServingName name, TimeProvider time, ILogger<ServingSecret> logger)
{
    private const int Attempts = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private volatile State? state;

    /// <summary>The certificate of the next handshake.</summary>
    public X509Certificate2? Certificate => state?.Certificate;

    /// <summary>The authority as <c>caBundle</c> fields hold it.</summary>
    public string Bundle => state?.Keys.Bundle ?? "";

    /// <summary>Makes sure that there is a good certificate, and takes it.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Take(await KeepAsync(cancellationToken));
                return;
            }
            catch (KubeException exception) when ((exception.IsConflict || exception.IsAlreadyExists) && attempt < Attempts)
            {
                // Another replica was first: what it wrote is read.
            }
        }
    }

    /// <summary>Refreshes every minute until cancelled, and calls back after each time: whoever trusts the authority is told again.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> refreshed, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await RefreshAsync(cancellationToken);
                await refreshed(cancellationToken);
            }
            catch (KubeException exception)
            {
                Log.Failed(logger, name.Secret, exception.Message);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await timer.WaitForNextTickAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<ServingKeys> KeepAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (await FindAsync(cancellationToken) is not { } secret)
        {
            var made = ServingKeys.Make(name.Service, name.Hosts, now);
            await kube.CreateAsync(Kinds.Secret, name.Namespace, NewSecret(made), cancellationToken);
            return made;
        }

        var kept = ServingKeys.Read(secret);
        if (kept?.AreGood(name.Hosts, now) == true)
        {
            return kept;
        }

        var renewed = kept?.Renew(name.Service, name.Hosts, now) ?? ServingKeys.Make(name.Service, name.Hosts, now);
        var updated = secret.Copy();
        foreach (var (entry, value) in renewed.ToSecretEntries())
        {
            updated.Ensure("data")[entry] = value?.DeepClone();
        }

        await kube.UpdateAsync(Kinds.Secret, updated, cancellationToken);
        Log.Renewed(logger, name.Secret);
        return renewed;
    }

    private async Task<JsonObject?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await kube.GetAsync(Kinds.Secret, name.Namespace, name.Secret, cancellationToken);
        }
        catch (KubeException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    private JsonObject NewSecret(ServingKeys keys) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["metadata"] = new JsonObject { ["name"] = name.Secret, ["namespace"] = name.Namespace },
        ["data"] = keys.ToSecretEntries(),
    };

    /// <summary>The old certificate is not disposed: a handshake under way may still use it.</summary>
    private void Take(ServingKeys keys)
    {
        if (state?.Keys != keys)
        {
            state = new State(keys, keys.ToCertificate());
        }
    }

    private sealed record State(ServingKeys Keys, X509Certificate2 Certificate);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "the certificate in Secret {Secret} could not be looked after: {Cause}")]
        public static partial void Failed(ILogger logger, string secret, string cause);

        [LoggerMessage(Level = LogLevel.Information, Message = "made a new certificate in Secret {Secret}")]
        public static partial void Renewed(ILogger logger, string secret);
    }
}
