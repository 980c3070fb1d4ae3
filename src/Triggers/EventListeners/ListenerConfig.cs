using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.EventListeners;

/// <summary>Flags and environment of the controller that shape every listener; the defaults are those of the shipped manifest.</summary>
public sealed record ListenerOptions
{
    public string Image { get; init; } = "hikigane/eventlistener";

    public int Port { get; init; } = 8080;

    public bool HasSecurityContext { get; init; } = true;

    public bool HasReadOnlyRootFilesystem { get; init; } = true;

    public string Events { get; init; } = "disable";

    public int ReadTimeout { get; init; } = 5;

    public int WriteTimeout { get; init; } = 40;

    public int IdleTimeout { get; init; } = 120;

    public int TimeoutHandler { get; init; } = 30;

    public int ClientReadTimeout { get; init; } = 30;

    public int ClientKeepAlive { get; init; } = 30;

    public int ClientTlsHandshakeTimeout { get; init; } = 10;

    public int ClientResponseHeaderTimeout { get; init; } = 10;

    public int ClientExpectContinueTimeout { get; init; } = 1;

    public int PeriodSeconds { get; init; } = 10;

    public int FailureThreshold { get; init; } = 3;

    /// <summary><c>METRICS_PROMETHEUS_PORT</c> as it stands in the environment; it may be no number.</summary>
    public string MetricsPort { get; init; } = "9000";

    public string KubernetesMinVersion { get; init; } = "v1.28.0";

    public string ClusterDomain { get; init; } = "cluster.local";
}

/// <summary>
/// The <c>data</c> of the ConfigMaps that shape a listener: <c>config-defaults-triggers</c>, <c>feature-flags-triggers</c>,
/// <c>config-logging-triggers</c>, <c>config-observability-triggers</c>. As tektoncd/triggers pkg/apis/config.
/// </summary>
public sealed class ListenerConfig(JsonObject? defaults, JsonObject? features, JsonObject? logging, JsonObject? observability)
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string ServiceAccount => defaults.Text("default-service-account") ?? "default";

    public long? RunAsUser => Identity("default-run-as-user");

    public long? RunAsGroup => Identity("default-run-as-group");

    public long? FsGroup => Identity("default-fs-group");

    public bool RunAsNonRoot => defaults.Text("default-run-as-non-root") is not ("false" or "0" or "f" or "F" or "FALSE" or "False");

    /// <summary>Labels of the listener that its objects get, too.</summary>
    public IEnumerable<KeyValuePair<string, JsonNode?>> Kept(JsonObject? labels)
    {
        var pattern = features.Text("labels-exclusion-pattern");
        if (labels is null || string.IsNullOrEmpty(pattern))
        {
            return labels ?? [];
        }

        try
        {
            var excluded = new Regex(pattern, RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1));
            return labels.Where(label => !excluded.IsMatch(label.Key));
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            return labels;
        }
    }

    /// <summary><c>K_LOGGING_CONFIG</c>: the logger's configuration as Go writes <c>zap.Config</c>; empty without one.</summary>
    /// <exception cref="FormatException">The listener's log level is none.</exception>
    public string Logging()
    {
        if (logging.Text("zap-logger-config") is not { Length: > 0 } text)
        {
            return "";
        }

        JsonNode? given;
        try
        {
            given = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return "";
        }

        var level = given.Text("level") ?? "info";
        if (logging.Text("loglevel.eventlistener") is { Length: > 0 } chosen)
        {
            level = chosen.ToLowerInvariant() is "debug" or "info" or "warn" or "error" or "dpanic" or "panic" or "fatal"
                ? chosen.ToLowerInvariant()
                : throw new FormatException($"invalid logging level: {chosen}");
        }

        return new JsonObject { ["zap-logger-config"] = Zap(given, level).ToJsonString(Relaxed) }.ToJsonString(Relaxed);
    }

    /// <summary><c>K_OBSERVABILITY_CONFIG</c>.</summary>
    public string Observability()
    {
        var tracing = new JsonObject();
        var metrics = new JsonObject();
        var runtime = new JsonObject();
        tracing["protocol"] = observability.Text("tracing-protocol") is { Length: > 0 } protocol ? protocol : "none";
        Put(tracing, "endpoint", observability.Text("tracing-endpoint"));
        if (double.TryParse(observability.Text("tracing-sampling-rate"), CultureInfo.InvariantCulture, out var rate) && rate != 0)
        {
            tracing["samplingRate"] = rate;
        }

        metrics["protocol"] = observability.Text("metrics-protocol") is { Length: > 0 } exporter ? exporter : "none";
        Put(metrics, "endpoint", observability.Text("metrics-endpoint"));
        if (metrics.Text("protocol") == "prometheus" && metrics["endpoint"] is null)
        {
            metrics["endpoint"] = ":9092";
        }

        runtime["profiling"] = observability.Text("runtime-profiling") is { Length: > 0 } profiling ? profiling : "disabled";
        runtime["exportInterval"] = 15_000_000_000;
        return new JsonObject
        {
            ["tracing"] = tracing,
            ["metrics"] = metrics,
            ["runtime"] = runtime,
            ["enableSinkEventErrorReporting"] = false,
        }.ToJsonString(Relaxed);
    }

    private long? Identity(string key) => defaults.Text(key) switch
    {
        null => 65532,
        "" => null,
        var text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 65532,
    };

    private static JsonObject Zap(JsonNode? given, string level)
    {
        var encoder = new JsonObject();
        foreach (var field in (string[])["messageKey", "levelKey", "timeKey", "nameKey", "callerKey", "functionKey", "stacktraceKey"])
        {
            encoder[field] = given.Text("encoderConfig", field) ?? "";
        }

        encoder["skipLineEnding"] = given.Flag("encoderConfig", "skipLineEnding");
        foreach (var field in (string[])["lineEnding", "consoleSeparator", "levelEncoder", "timeEncoder", "durationEncoder", "callerEncoder", "nameEncoder"])
        {
            encoder[field] = given.Text("encoderConfig", field) ?? "";
        }

        return new JsonObject
        {
            ["level"] = level,
            ["development"] = given.Flag("development"),
            ["disableCaller"] = given.Flag("disableCaller"),
            ["disableStacktrace"] = given.Flag("disableStacktrace"),
            ["sampling"] = given.At("sampling")?.DeepClone(),
            ["encoding"] = given.Text("encoding") ?? "",
            ["outputPaths"] = given.At("outputPaths")?.DeepClone(),
            ["errorOutputPaths"] = given.At("errorOutputPaths")?.DeepClone(),
            ["initialFields"] = given.At("initialFields")?.DeepClone(),
            ["encoderConfig"] = encoder,
        };
    }

    private static void Put(JsonObject target, string key, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            target[key] = value;
        }
    }
}
