using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>
/// Variables in what a Pipeline gives to its tasks: declared, of the right type, arrays on their own. As upstream's
/// ValidatePipelineParameterVariables and validatePipelineContextVariables.
/// </summary>
internal static partial class PipelineVariableChecks
{
    private static readonly string[] ContextVariables =
        ["pipelineRun.name", "pipelineRun.namespace", "pipelineRun.uid", "pipeline.name", "pipelineTask.retries"];

    /// <param name="isInline">Whether the spec stands in a run, which may hand down params that are not declared.</param>
    public static void Check(JsonObject spec, string path, bool isInline, FieldErrors errors)
    {
        var declared = new Dictionary<string, JsonObject>();
        foreach (var param in spec.Objects("params"))
        {
            declared[param.Text("name") ?? ""] = param;
        }

        foreach (var list in (string[])["tasks", "finally"])
        {
            foreach (var (index, task) in spec.Objects(list).Index())
            {
                foreach (var (at, text, mayHoldArray) in Texts(task))
                {
                    Params(text, mayHoldArray, $"{path}.{list}[{index}].{at}", declared, isInline, errors);
                }

                foreach (var (_, text, _) in Texts(task).Where(text => !text.At.StartsWith("when", StringComparison.Ordinal)))
                {
                    if (Context().Matches(text).Any(match => !ContextVariables.Contains(match.Groups[1].Value)))
                    {
                        errors.Add($"non-existent variable in \"{text}\"", "", $"{path}.{list}.value");
                    }
                }
            }
        }
    }

    private static IEnumerable<(string At, string Text, bool MayHoldArray)> Texts(JsonObject task)
    {
        var given = task.Objects("params").Select(param => (At: "params", Param: param))
            .Concat(task.Objects("matrix", "params").Select(param => (At: "matrix.params", Param: param)))
            .Concat(task.Objects("matrix", "include").Index().SelectMany(include => include.Item.Objects("params").Select(param => (At: $"matrix.include[{include.Index}].params", Param: param))));
        foreach (var (at, param) in given)
        {
            var where = $"{at}[{param.Text("name")}]";
            switch (param["value"])
            {
                case JsonArray list:
                    foreach (var (index, item) in list.Index())
                    {
                        yield return ($"{where}.value[{index}]", item?.ToString() ?? "", true);
                    }

                    break;
                case JsonObject map:
                    foreach (var (key, item) in map)
                    {
                        yield return ($"{where}.properties[{key}]", item?.ToString() ?? "", false);
                    }

                    break;
                case var value:
                    var text = value?.ToString() ?? "";
                    yield return (where, text, Whole().IsMatch(text));
                    break;
            }
        }

        foreach (var (index, when) in task.Objects("when").Index())
        {
            yield return ($"when[{index}].input", when.Text("input") ?? "", false);
            foreach (var item in when.Items("values"))
            {
                yield return ($"when[{index}].values", item?.ToString() ?? "", Whole().IsMatch(item?.ToString() ?? ""));
            }
        }
    }

    private static void Params(string text, bool mayHoldArray, string path, Dictionary<string, JsonObject> declared, bool isInline, FieldErrors errors)
    {
        foreach (Match match in Param().Matches(text))
        {
            var plain = match.Groups["plain"];
            var name = plain.Success ? plain.Value : match.Groups["quoted"].Value;
            var isWhole = match.Groups["index"].Value is "" or "[*]";
            var dot = plain.Success ? name.IndexOf('.', StringComparison.Ordinal) : -1;
            var param = declared.GetValueOrDefault(dot < 0 ? name : name[..dot]) ?? declared.GetValueOrDefault(name);
            var isKey = param is not null && dot >= 0 && param.Text("name") != name;
            var exists = param is not null && (!isKey || param.Object("properties")?.ContainsKey(name[(dot + 1)..]) == true);
            if (!exists)
            {
                if (!isInline)
                {
                    errors.Add($"non-existent variable in \"{text}\"", "", path);
                }
            }
            else if (!isKey && isWhole && !mayHoldArray && param!.Text("type") is "array" or "object")
            {
                errors.Add($"variable type invalid in \"{text}\"", "", path);
            }
            else if (!isKey && isWhole && param!.Text("type") is "array" && match.Length != text.Length)
            {
                errors.Add($"variable is not properly isolated in \"{text}\"", "", path);
            }
        }
    }

    [GeneratedRegex("""\$\(params(?:\.(?<plain>[^)\[\s]+)|\[['"](?<quoted>[^'"]*)['"]\])(?<index>\[[^\]]*\])?\)""")]
    private static partial Regex Param();

    [GeneratedRegex("""^\$\(params(?:\.[^)\[\s]+|\[['"][^'"]*['"]\])(?:\[\*\])?\)$""")]
    private static partial Regex Whole();

    [GeneratedRegex(@"\$\(context\.((?:pipeline|pipelineRun|pipelineTask)\.[^)]+)\)")]
    private static partial Regex Context();
}
