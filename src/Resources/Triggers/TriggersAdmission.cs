using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Resources.Triggers;

/// <summary>A request for admission, as an AdmissionReview carries it.</summary>
/// <param name="Operation"><c>CREATE</c>, <c>UPDATE</c>, <c>DELETE</c> or <c>CONNECT</c>.</param>
/// <param name="Version">API version, without the group.</param>
/// <param name="Object">The object; null for a DELETE.</param>
/// <param name="OldObject">What is there, for UPDATE and DELETE.</param>
public sealed record TriggersReview(string Operation, string Kind, string Version, JsonObject? Object, JsonObject? OldObject = null);

/// <summary>The verdict: the object as it is to be stored, or why not. A refusal is a 400 with the reason BadRequest.</summary>
/// <param name="Object">The object after defaulting; null where there is none to store.</param>
/// <param name="Error">The message; null when allowed.</param>
public sealed record TriggersVerdict(JsonObject? Object, string? Error = null)
{
    public bool IsAllowed => Error is null;
}

/// <summary>
/// Admission of the seven Triggers kinds and their ConfigMaps. One entry for the embedded API server and the HTTPS webhook alike.
/// As tektoncd/triggers cmd/webhook.
/// </summary>
public static class TriggersAdmission
{
    private const string Group = "triggers.tekton.dev";

    /// <summary>Whether a kind of a group is ours.</summary>
    public static bool Knows(string group, string kind) => group == Group && TriggersShapes.V1Alpha1.ContainsKey(kind)
        && kind is "TriggerTemplate" or "TriggerBinding" or "ClusterTriggerBinding" or "Trigger" or "EventListener" or "ClusterInterceptor" or "Interceptor";

    /// <summary>Defaulting, then validation of the result.</summary>
    /// <param name="defaults"><c>data</c> of the ConfigMap <c>config-defaults-triggers</c>.</param>
    public static TriggersVerdict Review(TriggersReview review, JsonObject? defaults)
    {
        var defaulted = Default(review, defaults);
        return defaulted.IsAllowed && Validate(review with { Object = defaulted.Object ?? review.Object }) is { IsAllowed: false } refused ? refused : defaulted;
    }

    /// <summary>What the defaulting webhook answers.</summary>
    public static TriggersVerdict Default(TriggersReview review, JsonObject? defaults)
    {
        if (review.Operation is not ("CREATE" or "UPDATE"))
        {
            return new TriggersVerdict(null);
        }

        if (Decode(review, keepsEmpty: false, out var read) is { } error)
        {
            return new TriggersVerdict(null, "mutation failed: " + error);
        }

        if (Broken(read!, review.Object ?? []) is { } broken)
        {
            return new TriggersVerdict(null, "mutation failed: " + broken);
        }

        TriggersDefaults.Apply(read!, review.Kind, review.Version, defaults.Text("default-service-account") ?? "default");
        return new TriggersVerdict(read);
    }

    /// <summary>What the validating webhook answers.</summary>
    public static TriggersVerdict Validate(TriggersReview review)
    {
        if (review.Operation is not ("CREATE" or "UPDATE" or "DELETE"))
        {
            return new TriggersVerdict(null);
        }

        if (Decode(review, keepsEmpty: true, out var read) is { } error)
        {
            return new TriggersVerdict(null, "decoding request failed: " + error);
        }

        if (review.Operation == "DELETE" || read is null)
        {
            return new TriggersVerdict(null);
        }

        var validation = new TriggersValidation(review.Version);
        validation.Validate(read, review.Kind);
        return validation.Errors.IsEmpty ? new TriggersVerdict(read) : new TriggersVerdict(null, "validation failed: " + validation.Errors);
    }

    /// <summary>What the validating webhook says to a ConfigMap of the system namespace: an error, or null.</summary>
    public static string? ValidateConfigMap(JsonObject configMap) => configMap.Name() switch
    {
        "config-defaults-triggers" => Defaults(configMap.Object("data")) is { } error ? "validation failed: " + error : null,
        "config-logging-triggers" => Logging(configMap.Object("data")) is { } error ? "validation failed: " + error : null,
        _ => null,
    };

    /// <summary>Reads both objects; the new one first, as knative does.</summary>
    private static string? Decode(TriggersReview review, bool keepsEmpty, out JsonObject? read)
    {
        read = null;
        var shapes = review.Version == "v1alpha1" ? TriggersShapes.V1Alpha1 : TriggersShapes.V1Beta1;
        if (review.Version is not ("v1alpha1" or "v1beta1") || !Knows(Group, review.Kind) || !shapes.ContainsKey(review.Kind))
        {
            return $"unhandled kind: {Group}/{review.Version}, Kind={review.Kind}";
        }

        if (review.Object is not null)
        {
            var decoder = new GoDecoder(shapes, review.Version);
            read = decoder.Decode(review.Object, review.Kind, keepsEmpty);
            if (decoder.Error is { } error)
            {
                return "cannot decode incoming new object: " + error;
            }
        }

        if (review.OldObject is not null)
        {
            var decoder = new GoDecoder(shapes, review.Version);
            decoder.Decode(review.OldObject, review.Kind, keepsEmpty);
            if (decoder.Error is { } error)
            {
                return "cannot decode incoming old object: " + error;
            }
        }

        return null;
    }

    /// <summary>What upstream's webhook crashes on or cannot write back, as an error.</summary>
    private static string? Broken(JsonObject read, JsonObject given)
    {
        List<JsonObject> triggers = [.. read.Objects("spec", "triggers")];
        if (read.Object("spec") is { } spec)
        {
            triggers.Add(spec);
        }

        foreach (var trigger in triggers)
        {
            if (trigger.Items("bindings").Any(one => one is null))
            {
                return "a binding must not be null";
            }
        }

        // A value that is absent cannot be written back by its type; upstream says so in these words.
        var headers = given.Objects("spec", "triggers").Append(given.Object("spec") ?? [])
            .SelectMany(trigger => trigger.Objects("interceptors")).SelectMany(interceptor => interceptor.Objects("webhook", "header"));
        if (headers.Any(header => !header.ContainsKey("value")))
        {
            return "cannot create patch for round tripped newBytes: cannot marshal interface: "
                + "json: error calling MarshalJSON for type v1beta1.ParamValue: impossible ParamValues.Type: \"\"";
        }

        return read.Items("spec", "interceptors").Any(one => one is null) ? "an interceptor must not be null" : null;
    }

    private static string? Defaults(JsonObject? content)
    {
        foreach (var (key, name) in (ReadOnlySpan<(string, string)>)
            [("default-run-as-user", "runAsUser"), ("default-run-as-group", "runAsGroup"), ("default-fs-group", "fsGroup")])
        {
            if (content.Text(key) is { Length: > 0 } text && !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            {
                return $"failed parsing {name} config \"{text}\"";
            }
        }

        return content.Text("default-run-as-non-root") is { Length: > 0 } flag
            && flag is not ("1" or "t" or "T" or "TRUE" or "true" or "True" or "0" or "f" or "F" or "FALSE" or "false" or "False")
            ? $"failed parsing runAsNonRoot config \"{flag}\""
            : null;
    }

    private static string? Logging(JsonObject? content)
    {
        foreach (var (key, value) in content ?? [])
        {
            if (key.StartsWith("loglevel.", StringComparison.Ordinal) && value.Text() is { Length: > 0 } level
                && level.ToLowerInvariant() is not ("debug" or "info" or "warn" or "error" or "dpanic" or "panic" or "fatal"))
            {
                return $"invalid logging level: {level}";
            }
        }

        return null;
    }
}
