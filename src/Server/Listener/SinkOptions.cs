using System.Globalization;

namespace Hikigane.Server.Listener;

/// <summary>How one listener runs: the flags of upstream's <c>eventlistenersink</c>, by the same names (spec: triggers.md §3.1).</summary>
public sealed record SinkOptions
{
    public required string Name { get; init; }

    public required string Namespace { get; init; }

    /// <summary>The container's port; on loopback another one may stand for it.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>The port of <c>/metrics</c> (<c>METRICS_PROMETHEUS_PORT</c>); on loopback another one may stand for it.</summary>
    public int MetricsPort { get; init; } = 9000;

    /// <summary>PEM files to serve TLS with; empty: plain HTTP.</summary>
    public string TlsCertificate { get; init; } = "";

    public string TlsKey { get; init; } = "";

    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an answer may take altogether; after that the sender gets 503.</summary>
    public TimeSpan HandlerTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether a body that is not a JSON object is refused at once.</summary>
    public bool ValidatesPayload { get; init; } = true;

    /// <summary>Whether Triggers of other namespaces may be selected.</summary>
    public bool IsMultiNamespace { get; init; }

    /// <summary>Largest body in bytes; a larger one gets 413. GitHub sends at most 25 MiB.</summary>
    public long MaxBodyBytes { get; init; } = 25 * 1024 * 1024;

    /// <summary>Where CloudEvents about the fate of events go; empty for nowhere.</summary>
    public string CloudEventUri { get; init; } = "";

    /// <summary>Whether the fate of events is recorded as Kubernetes events on the listener (<c>EL_EVENT=enable</c>).</summary>
    public bool RecordsEvents { get; init; }

    /// <summary>Reads the arguments of a listener's container: <c>--el-name=x</c> or <c>--el-name x</c>, with one dash or two.</summary>
    /// <param name="environment">The value of a variable of the container; null when it is not set.</param>
    public static SinkOptions Parse(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        var flags = Flags(args);
        return new SinkOptions
        {
            Name = flags.GetValueOrDefault("el-name") ?? throw new ArgumentException("-el-name arg not found"),
            Namespace = flags.GetValueOrDefault("el-namespace") ?? throw new ArgumentException("-el-namespace arg not found"),
            Port = (int)Number(flags, "port", 8080),
            ReadTimeout = TimeSpan.FromSeconds(Number(flags, "readtimeout", 5)),
            IdleTimeout = TimeSpan.FromSeconds(Number(flags, "idletimeout", 30)),
            HandlerTimeout = TimeSpan.FromSeconds(Number(flags, "timeouthandler", 5)),
            ValidatesPayload = flags.GetValueOrDefault("payload-validation", "true") is "true" or "1" or "t" or "T" or "TRUE" or "True",
            CloudEventUri = flags.GetValueOrDefault("cloudevent-uri", ""),
            TlsCertificate = flags.GetValueOrDefault("tls-cert", ""),
            TlsKey = flags.GetValueOrDefault("tls-key", ""),
            MetricsPort = int.TryParse(environment("METRICS_PROMETHEUS_PORT"), CultureInfo.InvariantCulture, out var metrics) ? metrics : 9000,
            RecordsEvents = environment("EL_EVENT") == "enable",
            IsMultiNamespace = flags.GetValueOrDefault("is-multi-ns", "false") is "true" or "1" or "t" or "T" or "TRUE" or "True",
        };
    }

    private static Dictionary<string, string> Flags(IReadOnlyList<string> args)
    {
        var flags = new Dictionary<string, string>();
        for (var i = 0; i < args.Count; i++)
        {
            var flag = args[i].TrimStart('-');
            var equals = flag.IndexOf('=', StringComparison.Ordinal);
            if (equals >= 0)
            {
                flags[flag[..equals]] = flag[(equals + 1)..];
            }
            else if (i + 1 < args.Count && !args[i + 1].StartsWith('-'))
            {
                flags[flag] = args[++i];
            }
            else
            {
                flags[flag] = "true";
            }
        }

        return flags;
    }

    private static long Number(Dictionary<string, string> flags, string name, long fallback) =>
        flags.TryGetValue(name, out var text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : fallback;
}
