using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Resources.Json;
using Hikigane.Resources.Triggers;

namespace Hikigane.Resources.Pipelines.Validation;

/// <summary>What is wrong with matrices and with how their results are used. As tektoncd/pipeline pkg/apis/pipeline/v1/matrix_types.go.</summary>
internal static partial class MatrixChecks
{
    public static void Check(JsonObject spec, string path, FieldErrors errors)
    {
        foreach (var list in (string[])["tasks", "finally"])
        {
            foreach (var (index, task) in spec.Objects(list).Index())
            {
                Unique(task, $"{path}.{list}[{index}].matrix", errors);
                Consumed(task, spec, path, list, errors);
            }
        }
    }

    private static void Unique(JsonObject task, string path, FieldErrors errors)
    {
        foreach (var (index, include) in task.Objects("matrix", "include").Index())
        {
            var seen = new HashSet<string>();
            foreach (var (at, param) in include.Objects("params").Index())
            {
                var name = param.Text("name") ?? "";
                if (!seen.Add(name))
                {
                    errors.Add($"parameter names must be unique, the parameter \"{name}\" is also defined at", "", $"{path}.include[{index}].params[{at}].name");
                }
            }
        }
    }

    private static void Consumed(JsonObject task, JsonObject spec, string path, string list, FieldErrors errors)
    {
        var texts = task.Objects("params").SelectMany(param => param["value"] is JsonArray items ? items.Select(item => item?.ToString() ?? "") : [param["value"]?.ToString() ?? ""]);
        foreach (Match match in texts.SelectMany(text => Result().Matches(text)))
        {
            var producer = spec.Objects("tasks").FirstOrDefault(one => one.Text("name") == match.Groups["task"].Value);
            if (producer?["matrix"] is null)
            {
                continue;
            }

            if (match.Groups["index"].Value != "[*]")
            {
                errors.Add(
                    $"A matrixed pipelineTask can only be consumed in aggregate using [*] notation, but is currently set to {match.Value[2..^1]}", "", "");
                continue;
            }

            var result = producer.Objects("taskSpec", "results").FirstOrDefault(one => one.Text("name") == match.Groups["result"].Value);
            if (result.Text("type") is { } type and not "string")
            {
                errors.Invalid(
                    $"Matrixed PipelineTasks emitting results must have an underlying type string, but result {result.Text("name")} has type {type} in pipelineTask",
                    $"{path}.{list}");
            }
        }
    }

    [GeneratedRegex(@"\$\(tasks\.(?<task>[^.)]+)\.results\.(?<result>[^)\[.]+)(?<index>\[[^\]]*\])?\)")]
    private static partial Regex Result();
}
