using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Expressions.Cel;
using Hikigane.Expressions.Cel.Values;
using Hikigane.Resources.Json;

namespace Hikigane.Resources.Triggers;

/// <summary>
/// Validation of TriggerBinding, TriggerTemplate, Trigger and the interceptor kinds, in canonical spelling.
/// As tektoncd/triggers pkg/apis/triggers/*/…_validation.go, messages included.
/// </summary>
internal sealed partial class TriggersValidation(string version)
{
    /// <summary>What was found; all of it.</summary>
    public FieldErrors Errors { get; } = new();

    private static readonly CelEnvironment Untyped = new(new Dictionary<string, CelType>(), []);

    private bool IsAlpha => version == "v1alpha1";

    public void Validate(JsonObject manifest, string kind)
    {
        var spec = manifest.Object("spec") ?? [];
        switch (kind)
        {
            case "TriggerBinding":
                Name(manifest);
                Binding(spec, "spec", "spec");
                break;
            case "ClusterTriggerBinding":
                Name(manifest);
                Binding(spec, "", "");
                break;
            case "TriggerTemplate":
                Name(manifest);
                Template(spec, "spec");
                break;
            case "Trigger":
                Name(manifest);
                TriggerSpecTemplate(spec.Object("template") ?? [], "spec");
                Bindings(spec, "spec");
                Interceptors(spec, "spec");
                break;
            case "EventListener":
                new ListenerValidation(this, Errors, version).Validate(manifest);
                break;
            case "ClusterInterceptor" or "Interceptor":
                ClientConfig(spec.Object("clientConfig"), "spec.clientConfig");
                break;
        }
    }

    private void Name(JsonObject manifest)
    {
        var name = manifest.Name();
        if (!Subdomain().IsMatch(name))
        {
            Errors.Add($"invalid resource name \"{name}\": must be a valid DNS label", "", "metadata.name");
        }
        else if (name.Length > 63)
        {
            Errors.Add("Invalid resource name: length must be no more than 63 characters", "", "metadata.name");
        }
    }

    private void Binding(JsonObject spec, string path, string missing)
    {
        if (!spec.Objects("params").Any())
        {
            Errors.Missing(missing);
            return;
        }

        var names = new HashSet<string>();
        foreach (var (param, index) in spec.Objects("params").Select((param, index) => (param, index)))
        {
            var at = FieldErrors.Join(path, $"params[{index}]");
            if (!names.Add(param.Text("name") ?? ""))
            {
                Errors.Both(at + ".name");
                return;
            }

            if (!IsWellFormed(param.Text("value") ?? ""))
            {
                Errors.Invalid(param.Text("value")!, at + ".value");
                return;
            }
        }
    }

    /// <summary>Each <c>$(</c> but the last must be closed before the next one opens.</summary>
    private static bool IsWellFormed(string value)
    {
        var pieces = value.Split("$(");
        return pieces.Skip(1).SkipLast(1).All(piece =>
        {
            var open = 0;
            foreach (var character in piece)
            {
                open += character == '(' ? 1 : character == ')' ? -1 : 0;
                if (open < 0)
                {
                    return true;
                }
            }

            return false;
        });
    }

    /// <summary>The rules of a TriggerTemplate; <paramref name="path"/> is where upstream says it is.</summary>
    private void Template(JsonObject spec, string path)
    {
        if (spec.Count == 0)
        {
            Errors.Missing(path);
        }

        var templates = spec.Items("resourcetemplates").ToList();
        if (templates.Count == 0)
        {
            Errors.Missing(FieldErrors.Join(path, "resourcetemplates"));
        }

        for (var i = 0; i < templates.Count; i++)
        {
            var at = FieldErrors.Join(path, $"resourcetemplates[{i}]");
            if (string.IsNullOrEmpty(templates[i].Text("kind")))
            {
                Errors.Missing(at + ".kind");
            }

            if (string.IsNullOrEmpty(templates[i].Text("apiVersion")))
            {
                Errors.Missing(at + ".apiVersion");
            }
        }

        var declared = spec.Objects("params").Select(param => param.Text("name")).ToHashSet();
        for (var i = 0; i < templates.Count; i++)
        {
            var used = Variable().Matches(Plain(templates[i])).Select(match => match.Groups["var"].Value);
            if (used.FirstOrDefault(name => !declared.Contains(name)) is { } stranger)
            {
                var variable = $"'$(tt.params.{stranger})'";
                Errors.Invalid($"undeclared param {variable}", FieldErrors.Join(path, $"resourcetemplates[{i}]"), $"{variable} must be declared in spec.params");
                return;
            }
        }
    }

    private static string Plain(JsonNode? node) => node?.ToJsonString(Relaxed) ?? "";

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The <c>template</c> of a trigger at a path.</summary>
    public void TriggerSpecTemplate(JsonObject template, string path)
    {
        if (template.Text("apiversion") is { Length: > 0 } apiVersion && apiVersion != "v1alpha1" && (IsAlpha || apiVersion != "v1beta1"))
        {
            Errors.Invalid("invalid apiVersion", path + ".template.apiVersion");
        }

        var spec = template.Object("spec");
        switch (template.Text("ref"), spec)
        {
            case (not null, not null):
                Errors.Both(path + ".template.ref", path + ".template.spec");
                break;
            case (null, null):
                Errors.Neither(path + ".template.ref", path + ".template.spec");
                break;
            case (null, not null):
                Template(spec, path);
                break;
            case ("", null):
                Errors.Missing(path + ".template.ref");
                break;
        }
    }

    /// <summary>The <c>bindings</c> of a trigger at a path.</summary>
    public void Bindings(JsonObject trigger, string path)
    {
        foreach (var (binding, index) in trigger.Objects("bindings").Select((binding, index) => (binding, index)))
        {
            var at = $"{path}.bindings[{index}]";
            var (name, reference, value, spec) = IsAlpha ? ("Name", "Ref", "Value", "Spec") : ("name", "ref", "value", "spec");
            if (binding.Text("ref") is { Length: > 0 })
            {
                if (binding.Text("name") is { Length: > 0 })
                {
                    Errors.Both($"{at}.{name}", $"{at}.{reference}");
                }
                else if (binding.Text("kind") is not ("TriggerBinding" or "ClusterTriggerBinding"))
                {
                    Errors.Invalid("invalid kind", at + ".kind");
                }
            }
            else if (binding.Text("name") is { Length: > 0 })
            {
                if (binding["value"] is null)
                {
                    Errors.Missing($"{at}.{value}");
                }
            }
            else
            {
                Errors.Neither($"{at}.{name}", $"{at}.{reference}", $"{at}.{spec}");
            }
        }
    }

    /// <summary>The <c>interceptors</c> of a trigger at a path.</summary>
    public void Interceptors(JsonObject trigger, string path)
    {
        var index = 0;
        foreach (var item in trigger.Items("interceptors"))
        {
            var at = $"{path}.interceptors[{index++}]";
            if (item is JsonObject interceptor)
            {
                Interceptor(interceptor, at);
            }
            else
            {
                Errors.Invalid("interceptor '<nil>' must be a valid value", at);
            }
        }
    }

    private void Interceptor(JsonObject interceptor, string path)
    {
        var at = path + ".interceptor";
        var forms = ((string[])["webhook", "github", "gitlab", "bitbucket"]).Where(form => interceptor[form] is not null).ToList();
        if (IsAlpha && forms.Count > 1)
        {
            Errors.Both(at + ".github", at + ".gitlab", at + ".webhook");
        }

        if (string.IsNullOrEmpty(interceptor.Text("ref", "name")) && forms.Count == 0 && interceptor["cel"] is null)
        {
            Errors.Missing(at);
        }

        if (interceptor.Object("webhook") is { } webhook)
        {
            Webhook(webhook, at + ".webhook");
        }

        if (interceptor.Object("cel") is { } cel)
        {
            DeprecatedCel(cel, path + ".cel");
        }
    }

    /// <summary>The deprecated form names its expressions itself, so that they can be parsed here; they are not checked.</summary>
    private void DeprecatedCel(JsonObject cel, string at)
    {
        var filter = cel.Text("filter") ?? "";
        if (filter.Length == 0 && !cel.Objects("overlays").Any())
        {
            Errors.Both(at + ".filter", at + ".overlays");
        }

        if (filter.Length > 0 && ParseError(filter) is { } problem)
        {
            Errors.Invalid("failed to parse the DeprecatedCEL filter: " + problem, at + ".filter");
        }

        foreach (var overlay in cel.Objects("overlays"))
        {
            if (ParseError(overlay.Text("expression") ?? "") is { } wrong)
            {
                Errors.Invalid("failed to parse the DeprecatedCEL overlay: " + wrong, at + ".overlay");
            }
        }
    }

    private static string? ParseError(string source) =>
        CelProgram.Compile(source, Untyped).Problem is { Stage: CelStage.Parse } problem ? problem.Message : null;

    private void Webhook(JsonObject webhook, string at)
    {
        if (webhook.Object("objectRef") is not { } reference)
        {
            Errors.Missing(at + ".objectRef");
        }
        else if (IsAlpha)
        {
            AlphaReference(reference, at + ".objectRef");
        }
        else
        {
            foreach (var (field, wanted, text) in (ReadOnlySpan<(string, string, string)>)[("kind", "Service", "invalid kind"), ("apiVersion", "v1", "invalid apiVersion")])
            {
                if (string.IsNullOrEmpty(reference.Text(field)))
                {
                    Errors.Missing($"{at}.objectRef.{field}");
                }
                else if (reference.Text(field) != wanted)
                {
                    Errors.Invalid(text, $"{at}.objectRef.{field}");
                }
            }
        }

        foreach (var (header, index) in webhook.Objects("header").Select((header, index) => (header, index)))
        {
            var name = header.Text("name") ?? "";
            if (name.Length == 0 || name != Canonical(name))
            {
                Errors.Invalid("invalid header name", $"{at}.header[{index}].name");
            }

            if (string.IsNullOrEmpty(header.Text("value")) && !header.Items("value").Any())
            {
                Errors.Invalid("invalid header value", $"{at}.header[{index}].value");
            }
        }
    }

    /// <summary>v1alpha1 asks for the name, and takes an absent kind for a wrong one.</summary>
    private void AlphaReference(JsonObject reference, string at)
    {
        if (string.IsNullOrEmpty(reference.Text("name")))
        {
            Errors.Missing(at);
        }

        if (reference.Text("kind") != "Service")
        {
            Errors.Invalid("invalid kind", at + ".kind");
        }

        if (reference.Text("apiVersion") != "v1")
        {
            Errors.Invalid("invalid apiVersion", at + ".apiVersion");
        }
    }

    /// <summary>As Go's <c>textproto.CanonicalMIMEHeaderKey</c>: a name with a character that no header has stays as it is.</summary>
    private static string Canonical(string name)
    {
        if (name.Any(character => !char.IsAsciiLetterOrDigit(character) && !"!#$%&'*+-.^_`|~".Contains(character, StringComparison.Ordinal)))
        {
            return name;
        }

        var characters = name.ToCharArray();
        for (var i = 0; i < characters.Length; i++)
        {
            characters[i] = i == 0 || characters[i - 1] == '-' ? char.ToUpperInvariant(characters[i]) : char.ToLowerInvariant(characters[i]);
        }

        return new string(characters);
    }

    private void ClientConfig(JsonObject? client, string path)
    {
        if (client?["url"] is not null && client["service"] is not null)
        {
            Errors.Both(path + ".service", path + ".url");
        }

        if (client.Object("service") is { } service)
        {
            foreach (var field in (ReadOnlySpan<string>)["name", "namespace"])
            {
                if (string.IsNullOrEmpty(service.Text(field)))
                {
                    Errors.Missing($"{path}.service.{field}");
                }
            }
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex Subdomain();

    // The dots around "params" match any character, as upstream's do.
    [GeneratedRegex(@"\$\(tt.params.(?<var>[_a-zA-Z][_a-zA-Z0-9.-]*)\)", RegexOptions.NonBacktracking)]
    private static partial Regex Variable();
}
