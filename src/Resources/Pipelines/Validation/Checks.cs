using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>Checks that several kinds share: names, feature gates, references, when expressions, workspace bindings.</summary>
internal static partial class Checks
{
    private const string QualifiedName =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    /// <summary>Whether a text asks for artifacts of a pipeline's task.</summary>
    public static bool HasTaskArtifact(string text) => TaskArtifact().IsMatch(text);

    private static readonly string[] Sources =
        ["configmap", "emptydir", "persistentvolumeclaim", "secret", "volumeclaimtemplate"];

    private static readonly string[] SourceFields =
        ["volumeClaimTemplate", "persistentVolumeClaim", "emptyDir", "configMap", "secret", "projected", "csi"];

    private static readonly CelEnvironment NoVariables = new(new Dictionary<string, CelType>(), []);

    public static bool IsLabel(string text) => text.Length <= 63 && Label().IsMatch(text);

    public static bool IsResultName(string text) => ResultName().IsMatch(text);

    /// <summary>Reports a feature that the gate does not let through.</summary>
    public static void Gate(string feature, string needed, PipelinesConfig config, FieldErrors errors)
    {
        var isOpen = config.ApiFields == "alpha" || (needed == "beta" && config.ApiFields == "beta");
        if (!isOpen)
        {
            var levels = needed == "alpha" ? "\"alpha\"" : "\"alpha\" or \"beta\"";
            errors.Add($"{feature} requires \"enable-api-fields\" feature gate to be {levels} but it is \"{config.ApiFields}\"", "", "");
        }
    }

    /// <summary>A reference by name or through a resolver.</summary>
    public static void Reference(JsonObject reference, string path, PipelinesConfig config, FieldErrors errors)
    {
        var name = reference.Text("name") ?? "";
        var hasResolver = reference.Text("resolver") is { Length: > 0 };
        var hasParams = reference.Objects("params").Any();
        if (reference["bundle"] is not null)
        {
            errors.Disallowed($"{path}.bundle");
            return;
        }

        if (hasResolver || hasParams)
        {
            Remote(reference, path, config, errors);
            return;
        }

        if (name.Length == 0)
        {
            errors.Missing($"{path}.name");
        }
        else if (name.Contains("://", StringComparison.Ordinal))
        {
            errors.Missing($"{path}.resolver");
        }
        else if (name.Length > 63)
        {
            errors.Invalid("name part must be no more than 63 bytes", $"{path}.name");
        }
        else if (!Qualified().IsMatch(name))
        {
            errors.Invalid(QualifiedName, $"{path}.name");
        }
    }

    public static void Whens(JsonObject holder, string path, PipelinesConfig config, FieldErrors errors)
    {
        foreach (var (index, when) in holder.Objects("when").Index())
        {
            When(when, $"{path}.when[{index}]", config, errors);
        }
    }

    public static void Bindings(JsonObject spec, string path, FieldErrors errors)
    {
        var seen = new HashSet<string>();
        foreach (var (index, binding) in spec.Objects("workspaces").Index())
        {
            var at = $"{path}.workspaces[{index}]";
            if (!seen.Add(binding.Text("name") ?? ""))
            {
                errors.Both($"{at}.name");
            }

            Binding(binding, at, errors);
        }
    }

    /// <summary>The details of a binding: one source, and the source's own name.</summary>
    public static void Binding(JsonObject binding, string path, FieldErrors errors)
    {
        var given = SourceFields.Count(source => binding[source] is not null);
        if (given != 1)
        {
            var paths = Sources.Select(source => $"{path}.{source}").ToArray();
            errors.Add(given > 1 ? "expected exactly one, got both" : "expected exactly one, got neither", "", paths);
            return;
        }

        foreach (var (source, field, shown) in new[]
        {
            ("persistentVolumeClaim", "claimName", "persistentvolumeclaim.claimname"), ("configMap", "name", "configmap.name"),
            ("secret", "secretName", "secret.secretName"), ("csi", "driver", "csi.driver"),
        })
        {
            if (binding.Object(source) is { } one && one.Text(field) is null or "" && binding[source] is not null)
            {
                errors.Missing($"{path}.{shown}");
            }
        }

        if (binding.Object("projected") is { } projected && !projected.Objects("sources").Any())
        {
            errors.Missing($"{path}.projected.sources");
        }
    }

    private static void Remote(JsonObject reference, string path, PipelinesConfig config, FieldErrors errors)
    {
        var name = reference.Text("name") ?? "";
        if (reference.Text("resolver") is { Length: > 0 })
        {
            Gate("resolver", "beta", config, errors);
            if (name.Length > 0 && !(config.IsOn("enable-concise-resolver-syntax") && name.Contains("://", StringComparison.Ordinal)))
            {
                errors.Invalid("invalid URI for request", $"{path}.name");
            }
        }
        else
        {
            errors.Missing($"{path}.resolver");
        }

        if (reference.Objects("params").Any())
        {
            if (name.Length > 0)
            {
                errors.Both($"{path}.name", $"{path}.params");
            }

            Gate("resolver params", "beta", config, errors);
            ParamChecks.Given(reference, path, errors);
        }
    }

    private static void When(JsonObject when, string path, PipelinesConfig config, FieldErrors errors)
    {
        var isPlain = when.Text("input") is { Length: > 0 } || when.Text("operator") is { Length: > 0 } || when.Items("values").Any();
        if (when.Text("cel") is { Length: > 0 } cel)
        {
            Cel(cel, isPlain, when, path, config, errors);
        }
        else if (!isPlain)
        {
            errors.Missing(path);
        }
        else if (when.Text("operator") is not ("in" or "notin"))
        {
            errors.Invalid($"operator \"{when.Text("operator")}\" is not recognized. valid operators: in,notin", path);
        }
        else if (!when.Items("values").Any())
        {
            errors.Invalid("expecting non-empty values field", path);
        }
    }

    private static void Cel(string cel, bool isPlain, JsonObject when, string path, PipelinesConfig config, FieldErrors errors)
    {
        if (!config.IsOn("enable-cel-in-whenexpression"))
        {
            errors.Add($"feature flag enable-cel-in-whenexpression should be set to true to use CEL: {cel} in WhenExpression", "", path);
        }
        else if (isPlain)
        {
            errors.Add($"cel and input+operator+values cannot be set in one WhenExpression: {when.ToJsonString()}", "", path);
        }
        else if (CelProgram.Compile(cel, NoVariables) is { Program: null, Problem: var problem })
        {
            // knative takes both texts for paths, and a path has no empty parts.
            errors.Add("invalid cel expression: %s with err: %s", "", $"{path}.{cel}", Dots().Replace($"{path}.{problem?.Message}", "."));
        }
    }

    [GeneratedRegex(@"\$\(tasks\.[^.)]+\.(?:inputs|outputs)(?:\.[^)]+)?\)")]
    private static partial Regex TaskArtifact();

    [GeneratedRegex(@"\.{2,}")]
    private static partial Regex Dots();

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    private static partial Regex Label();

    [GeneratedRegex("^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")]
    private static partial Regex ResultName();

    [GeneratedRegex("^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")]
    private static partial Regex Qualified();
}
