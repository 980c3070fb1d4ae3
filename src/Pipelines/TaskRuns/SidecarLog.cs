using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>Results as the sidecar <c>tekton-log-results</c> prints them, a JSON object a line. As tektoncd/pipeline internal/sidecarlogresults.</summary>
internal static class SidecarLog
{
    public const string SizeExceeded = "results size exceeds configured limit";

    public static List<RunResult> Read(string? log, int maxResultSize, List<string> errors)
    {
        var results = new List<RunResult>();
        foreach (var line in (log ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (System.Text.Encoding.UTF8.GetByteCount(line) > maxResultSize)
            {
                var name = Parse(line).Text("name");
                errors.Add(name is null ? $"{SizeExceeded} of {maxResultSize}" : $"invalid result \"{name}\": {SizeExceeded} of {maxResultSize}");
                return results;
            }

            if (Parse(line) is not { } entry)
            {
                errors.Add($"invalid result \"\": {line}");
                return results;
            }

            var type = entry.Text("type") switch
            {
                "task" => RunResult.Task,
                "step" => RunResult.Step,
                "stepArtifact" => RunResult.StepArtifacts,
                "taskArtifact" => RunResult.TaskArtifacts,
                _ => 0,
            };
            if (type == 0)
            {
                errors.Add($"invalid sidecar result type {entry.Text("type")}. Must be task or step or stepArtifact");
                return results;
            }

            results.Add(new RunResult(entry.Text("name") ?? "", entry.Text("value") ?? "", type));
        }

        return results;
    }

    private static JsonObject? Parse(string line)
    {
        try
        {
            return JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
