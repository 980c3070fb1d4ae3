using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>How strictly variables are checked.</summary>
/// <param name="MayUseUndeclared">An inline spec may rely on what its run propagates.</param>
/// <param name="NamesVariable">v1beta1 says which variable does not exist.</param>
internal sealed record VariableRules(bool MayUseUndeclared, bool NamesVariable)
{
    /// <summary>Params that a run hands down to an inline spec: their types are known without a declaration.</summary>
    public IReadOnlyList<JsonObject> Propagated { get; init; } = [];
}

/// <summary>Variables in a Task's steps: declared, of the right type, and arrays on their own. As upstream's ValidateParameterVariables.</summary>
internal static partial class TaskVariableChecks
{
    private static readonly string[] ContextVariables =
        ["taskRun.name", "taskRun.namespace", "taskRun.uid", "task.name", "task.retry-count"];

    public static void Check(JsonObject spec, string path, VariableRules rules, FieldErrors errors)
    {
        var declared = Declared(spec);
        foreach (var param in rules.Propagated)
        {
            declared.TryAdd(param.Text("name") ?? "", param);
        }

        foreach (var (index, step) in spec.Objects("steps").Index())
        {
            foreach (var (field, text, mayHoldArray) in Fields(step, spec.Object("stepTemplate")))
            {
                var at = $"{path}.steps[{index}].{field}";
                Params(text, mayHoldArray, at, declared, rules, errors);
                if (Context().Matches(text).Any(match => !ContextVariables.Contains(match.Groups[1].Value)))
                {
                    errors.Add($"non-existent variable in \"{text}\"", "", at);
                }

                if (StepResult().IsMatch(text) && !mayHoldArray && !field.StartsWith("env[", StringComparison.Ordinal))
                {
                    var shown = field.StartsWith("volumeMounts", StringComparison.Ordinal) ? "volumeMounts.mountPath" : field;
                    errors.Add("stepResult substitutions are only allowed in env, command and args. Found usage in", "", $"{path}.steps[{index}].{shown}");
                }
            }
        }
    }

    /// <summary>A StepAction is checked as the only step of a Task; its volume mounts may name a param.</summary>
    public static void CheckStepAction(JsonObject spec, FieldErrors errors)
    {
        var declared = Declared(spec);
        var rules = new VariableRules(MayUseUndeclared: false, NamesVariable: false);
        foreach (var (field, text, mayHoldArray) in Fields(spec, null))
        {
            Params(text, mayHoldArray, $"spec.{field}", declared, rules, errors);
        }

        foreach (var (index, mount) in spec.Objects("volumeMounts").Index())
        {
            Params(mount.Text("name") ?? "", mayHoldArray: false, $"spec.volumeMounts[{index}]", declared, rules, errors);
        }
    }

    private static Dictionary<string, JsonObject> Declared(JsonObject spec)
    {
        var declared = new Dictionary<string, JsonObject>();
        foreach (var param in spec.Objects("params"))
        {
            declared[param.Text("name") ?? ""] = param;
        }

        return declared;
    }

    private static IEnumerable<(string Field, string Text, bool MayHoldArray)> Fields(JsonObject step, JsonObject? template)
    {
        foreach (var field in new[] { "image", "script", "workingDir", "onError" })
        {
            if ((step.Text(field) ?? (field is "image" or "workingDir" ? template.Text(field) : null)) is { } text)
            {
                yield return (field, text, false);
            }
        }

        foreach (var field in new[] { "args", "command" })
        {
            foreach (var (index, item) in (step[field] is null ? template.Items(field) : step.Items(field)).Index())
            {
                yield return ($"{field}[{index}]", item?.ToString() ?? "", true);
            }
        }

        foreach (var one in template.Objects("env").Concat(step.Objects("env")))
        {
            yield return ($"env[{one.Text("name")}]", one.Text("value") ?? "", false);
        }

        foreach (var (index, mount) in step.Objects("volumeMounts").Index())
        {
            yield return ($"volumeMounts[{index}].mountPath", mount.Text("mountPath") ?? "", false);
        }
    }

    private static void Params(string text, bool mayHoldArray, string path, Dictionary<string, JsonObject> declared, VariableRules rules, FieldErrors errors)
    {
        foreach (Match match in Param().Matches(text))
        {
            var plain = match.Groups["plain"];
            var name = plain.Success ? plain.Value : match.Groups["quoted"].Value;
            var index = match.Groups["index"].Value;
            var isWhole = index is "" or "[*]";
            var dot = plain.Success ? name.IndexOf('.', StringComparison.Ordinal) : -1;
            var param = declared.GetValueOrDefault(dot < 0 ? name : name[..dot]);
            var exists = param is not null && (index is "" or "[*]" || int.TryParse(index.Trim('[', ']'), out _))
                && (dot < 0 || (param.Text("type") == "object" && param.Object("properties")?.ContainsKey(name[(dot + 1)..]) != false));
            if (!exists)
            {
                var isPropagated = rules.MayUseUndeclared && param is null;
                if (!isPropagated)
                {
                    errors.Add(rules.NamesVariable ? $"non-existent variable `{name}` in \"{text}\"" : $"non-existent variable in \"{text}\"", "", path);
                }
            }
            else if (param!.Text("type") == "object" && dot < 0 || (param.Text("type") == "array" && isWhole && !mayHoldArray))
            {
                errors.Add($"variable type invalid in \"{text}\"", "", path);
            }
            else if (param.Text("type") == "array" && isWhole && match.Length != text.Length)
            {
                errors.Add($"variable is not properly isolated in \"{text}\"", "", path);
            }
        }
    }

    [GeneratedRegex("""\$\(params(?:\.(?<plain>[^)\[\s]+)|\[['"](?<quoted>[^'"]*)['"]\])(?<index>\[[^\]]*\])?\)""")]
    private static partial Regex Param();

    [GeneratedRegex(@"\$\(context\.((?:task|taskRun)\.[^)]+)\)")]
    private static partial Regex Context();

    [GeneratedRegex(@"\$\(steps\.[^.)]+\.results\.[^)]+\)")]
    private static partial Regex StepResult();
}
