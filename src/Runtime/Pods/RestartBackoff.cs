using System.Globalization;

namespace Hikigane.Runtime.Pods;

/// <summary>
/// How long a container that has ended waits for its next run: not at all the first time, then ten seconds and twice as long each time, up to five
/// minutes; forgotten when it has run for ten. As a kubelet's (client-go util/flowcontrol/backoff.go). One thread.
/// </summary>
internal sealed class RestartBackoff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private DateTimeOffset ended;

    /// <summary>What holds after the last restart; zero when there was none.</summary>
    public TimeSpan Delay { get; private set; }

    /// <summary>How much of it is left for a container that ends now; null when it may run at once.</summary>
    public TimeSpan? Left(DateTimeOffset now)
    {
        if (now - ended > 2 * Longest)
        {
            Delay = TimeSpan.Zero;
        }

        return Delay > TimeSpan.Zero ? Delay : null;
    }

    /// <summary>The container is restarted.</summary>
    public void Next(DateTimeOffset now)
    {
        ended = now;
        Delay = Delay == TimeSpan.Zero ? First : Delay * 2 < Longest ? Delay * 2 : Longest;
    }

    /// <summary>As Go writes a duration of whole seconds: <c>10s</c>, <c>2m40s</c>, <c>5m0s</c>.</summary>
    public static string Text(TimeSpan delay) => delay < TimeSpan.FromMinutes(1)
        ? string.Create(CultureInfo.InvariantCulture, $"{delay.Seconds}s")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)delay.TotalMinutes}m{delay.Seconds}s");
}
