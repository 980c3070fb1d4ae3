using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>A reason and a message of a condition.</summary>
internal sealed record RunFailure(string Reason, string Message);

/// <summary>Checks a run against its pipeline before anything starts. As tektoncd/pipeline pipelinerun/resources/validate_params.go and pipelinerun.go.</summary>
internal static class PipelineChecks
{
    public static RunFailure? Failure(JsonObject run, JsonObject spec, string pipelineName, PipelinesConfig config)
    {
        var pipeline = $"{run.Namespace()}/{pipelineName}";
        if (Graph.Of([.. spec.Objects("tasks")]).Error is { } error)
        {
            return new RunFailure("PipelineInvalidGraph", $"PipelineRun {run.Key()}'s Pipeline DAG is invalid: {error}");
        }

        return Params(run, spec, pipeline) ?? Enums(run, spec, config) ?? Workspaces(run, spec, pipeline) ?? TaskRunSpecs(run, spec);
    }

    private static RunFailure? Params(JsonObject run, JsonObject spec, string pipeline)
    {
        var given = run.Objects("spec", "params").GroupBy(param => param.Text("name") ?? "").ToDictionary(group => group.Key, group => ParamValue.Read(group.Last()["value"]));
        var missing = spec.Objects("params").Where(param => !param.ContainsKey("default")).Select(param => param.Text("name") ?? "").Where(name => !given.ContainsKey(name)).ToList();
        if (missing.Count > 0)
        {
            return new RunFailure("ParameterMissing", $"PipelineRun {run.Key()} is missing some parameters required by Pipeline {pipeline}: pipelineRun missing parameters: [{string.Join(' ', missing)}]");
        }

        var wrong = spec.Objects("params").Where(param => given.TryGetValue(param.Text("name") ?? "", out var value) && value.Type != (param.Text("type") ?? "string"))
            .Select(param => param.Text("name") ?? "").ToList();
        if (wrong.Count > 0)
        {
            return new RunFailure("ParameterTypeMismatch", $"PipelineRun {run.Key()} parameters have mismatching types with Pipeline {pipeline}'s parameters: parameters have inconsistent types: [{string.Join(' ', wrong)}]");
        }

        var keys = spec.Objects("params").Where(param => param.Text("type") == "object")
            .Select(param => (Name: param.Text("name") ?? "", Missing: MissingKeys(param, given.GetValueOrDefault(param.Text("name") ?? ""))))
            .Where(one => one.Missing.Count > 0).OrderBy(one => one.Name, StringComparer.Ordinal).ToList();
        return keys.Count == 0 ? null : new RunFailure(
            "ObjectParameterMissKeys",
            $"PipelineRun {run.Key()} parameters is missing object keys required by Pipeline {pipeline}'s parameters: pipelineRun missing object keys for parameters: map[{string.Join(' ', keys.Select(one => $"{one.Name}:[{string.Join(' ', one.Missing)}]"))}]");
    }

    private static List<string> MissingKeys(JsonObject param, ParamValue? given)
    {
        var there = (given as ParamValue.Map)?.Values.Keys.ToHashSet() ?? [];
        there.UnionWith((param.Object("default") ?? []).Select(pair => pair.Key));
        return [.. (param.Object("properties") ?? []).Select(pair => pair.Key).Where(key => !there.Contains(key)).Order(StringComparer.Ordinal)];
    }

    private static RunFailure? Enums(JsonObject run, JsonObject spec, PipelinesConfig config)
    {
        if (!config.IsOn("enable-param-enum"))
        {
            return null;
        }

        foreach (var param in spec.Objects("params").Where(param => param["enum"] is JsonArray { Count: > 0 }))
        {
            var value = run.Objects("spec", "params").LastOrDefault(one => one.Text("name") == param.Text("name")).Text("value") ?? param.Text("default");
            if (value is not null && !param.Items("enum").Any(one => one?.ToString() == value))
            {
                return new RunFailure("InvalidParamValue", $"PipelineRun {run.Key()} parameters have invalid value: param `{param.Text("name")}` value: {value} is not in the enum list");
            }
        }

        return null;
    }

    private static RunFailure? Workspaces(JsonObject run, JsonObject spec, string pipeline)
    {
        var bound = run.Objects("spec", "workspaces").Select(one => one.Text("name")).ToHashSet();
        var missing = spec.Objects("workspaces").FirstOrDefault(one => !one.Flag("optional") && !bound.Contains(one.Text("name")));
        return missing is null ? null : new RunFailure(
            "InvalidWorkspaceBindings",
            $"PipelineRun {run.Key()} doesn't bind Pipeline {pipeline}'s Workspaces correctly: pipeline requires workspace with name \"{missing.Text("name")}\" be provided by pipelinerun");
    }

    private static RunFailure? TaskRunSpecs(JsonObject run, JsonObject spec)
    {
        var names = spec.Objects("tasks").Concat(spec.Objects("finally")).Select(task => task.Text("name")).ToHashSet();
        var unknown = run.Objects("spec", "taskRunSpecs").FirstOrDefault(one => !names.Contains(one.Text("pipelineTaskName")));
        return unknown is null ? null : new RunFailure(
            "InvalidTaskRunSpecs",
            $"PipelineRun {run.Key()} doesn't define taskRunSpecs correctly: pipelineRun's taskrunSpecs defined wrong taskName: \"{unknown.Text("pipelineTaskName")}\", does not exist in Pipeline");
    }
}
