using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Hikigane.Server.Metrics;

/// <summary>
/// Instruments of this process as Prometheus reads them (text format 0.0.4). Instruments have the names that are shown. Any thread may measure
/// and read.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    /// <summary>Enough for any real listener; beyond it, new label values are not told apart any more.</summary>
    private const int MostSeries = 5000;

    private readonly Lock gate = new();
    private readonly MeterListener listener;
    private readonly SortedDictionary<string, Family> families = new(StringComparer.Ordinal);

    /// <param name="isShown">Which instruments.</param>
    public PrometheusText(Func<Instrument, bool> isShown)
    {
        listener = new MeterListener
        {
            InstrumentPublished = (instrument, publishing) =>
            {
                if (isShown(instrument))
                {
                    publishing.EnableMeasurementEvents(instrument, FamilyOf(instrument));
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, family) => Measure((Family)family!, value, tags));
        listener.SetMeasurementEventCallback<double>((_, value, tags, family) => Measure((Family)family!, value, tags));
        listener.Start();
    }

    /// <summary>Answers <c>/metrics</c>.</summary>
    public Task AnswerAsync(HttpContext http)
    {
        if (http.Request.Path != "/metrics")
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
        return http.Response.WriteAsync(Write(), http.RequestAborted);
    }

    public string Write()
    {
        listener.RecordObservableInstruments();
        var text = new StringBuilder();
        lock (gate)
        {
            foreach (var (name, family) in families.Where(family => family.Value.Series.Count > 0))
            {
                text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {Escape(family.Help)}\n# TYPE {name} {family.Type}\n");
                foreach (var (labels, series) in family.Series.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                {
                    series.Write(text, name, labels);
                }
            }
        }

        return text.Append("# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info 1\n").ToString();
    }

    public void Dispose() => listener.Dispose();

    private Family FamilyOf(Instrument instrument)
    {
        lock (gate)
        {
            return families.TryGetValue(instrument.Name, out var known) ? known : families[instrument.Name] = Family.Of(instrument);
        }
    }

    private void Measure(Family family, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = Key(tags);
        lock (gate)
        {
            if (!family.Known.TryGetValue(key, out var series))
            {
                var labels = Labels(family.Scope, family.Known.Count < MostSeries ? tags : []);
                series = family.Series.TryGetValue(labels, out var shared) ? shared : family.Series[labels] = new Series(family.Bounds);
                if (family.Known.Count < MostSeries)
                {
                    family.Known[key] = series;
                }
            }

            series.Add(value, family.ShowsLast);
        }
    }

    /// <summary>The values of the tags; an instrument always has the same names. Most have none or one, and cost nothing.</summary>
    private static string Key(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length < 2)
        {
            return tags.Length == 0 ? "" : tags[0].Value?.ToString() ?? "";
        }

        var key = new StringBuilder();
        foreach (var (_, value) in tags)
        {
            key.Append(value).Append('\n');
        }

        return key.ToString();
    }

    /// <summary>Sorted by name, those of upstream's exporter among them.</summary>
    private static string Labels(string scope, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["otel_scope_name"] = scope,
            ["otel_scope_schema_url"] = "",
            ["otel_scope_version"] = "",
        };
        foreach (var (name, value) in tags)
        {
            all[name] = value?.ToString() ?? "";
        }

        return string.Join(',', all.Select(label => $"{label.Key}=\"{Escape(label.Value).Replace("\"", "\\\"", StringComparison.Ordinal)}\""));
    }

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private sealed record Family(string Scope, string Help, string Type, IReadOnlyList<double> Bounds, bool ShowsLast)
    {
        /// <summary>By their labels as they are written.</summary>
        public Dictionary<string, Series> Series { get; } = [];

        /// <summary>By the values of their tags.</summary>
        public Dictionary<string, Series> Known { get; } = [];

        public static Family Of(Instrument instrument)
        {
            var type = instrument switch
            {
                Histogram<double> => "histogram",
                Counter<long> or Counter<double> or ObservableCounter<long> or ObservableCounter<double> => "counter",
                _ => "gauge",
            };
            var bounds = (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries ?? [];
            return new Family(instrument.Meter.Name, instrument.Description ?? "", type, bounds, type == "gauge" || instrument.IsObservable);
        }
    }

    private sealed class Series(IReadOnlyList<double> bounds)
    {
        private readonly long[] buckets = new long[bounds.Count];
        private long count;
        private double sum;

        public void Add(double value, bool isLast)
        {
            count++;
            sum = isLast ? value : sum + value;
            for (var i = 0; i < bounds.Count; i++)
            {
                buckets[i] += value <= bounds[i] ? 1 : 0;
            }
        }

        public void Write(StringBuilder text, string name, string labels)
        {
            if (bounds.Count == 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {sum}\n");
                return;
            }

            for (var i = 0; i < bounds.Count; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"{bounds[i]}\"}} {buckets[i]}\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"+Inf\"}} {count}\n{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {count}\n");
        }
    }
}
