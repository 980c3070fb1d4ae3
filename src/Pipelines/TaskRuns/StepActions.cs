using System.Text.Json.Nodes;
using Hikigane.Pipelines.Pods;
using Hikigane.Pipelines.Resolutions;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>
/// Merges StepActions into the steps that refer to them. As tektoncd/pipeline pkg/reconciler/taskrun/resources resolveStepRef.
/// </summary>
internal static class StepActions
{
    public static Resolved Resolve(TaskRunWorld world, JsonObject run, Resolved.Found found)
    {
        var requests = new List<JsonObject>();
        var sources = new Dictionary<int, JsonObject>();
        var isWaiting = false;
        var steps = PodParts.List(found.TaskSpec, "steps");
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i] is not JsonObject step || step.Object("ref") is not { } reference)
            {
                continue;
            }

            var (action, error) = Find(world, run, found.TaskSpec, reference, requests, sources, i);
            error ??= action is null ? null : Merge(step, action, found.TaskSpec, run);
            if (error is not null)
            {
                return new Resolved.Failed("TaskRunResolutionFailed", $"failed to resolve step ref for step \"{step.Text("name")}\" (index {i}): {error}");
            }

            isWaiting |= action is null;
        }

        return isWaiting
            ? new Resolved.Waiting("ResolvingStepActionRef", $"TaskRun {run.Namespace()}/{run.Name()} awaiting remote StepAction", requests)
            : found with { StepSources = sources };
    }

    private static (JsonObject? Action, string? Error) Find(
        TaskRunWorld world, JsonObject run, JsonObject taskSpec, JsonObject reference, List<JsonObject> requests, Dictionary<int, JsonObject> sources, int index)
    {
        var name = reference.Text("name") ?? "";
        if (reference.Text("resolver") is not { Length: > 0 } resolver)
        {
            return world.StepActions.TryGetValue(name, out var local) ? (local, null) : (null, $"stepactions.tekton.dev \"{name}\" not found");
        }

        var given = reference.Objects("params").Select(param => param.Copy()).ToList();
        SubstitutedFields.ReplaceParams(given, TaskRunVariables.Params(taskSpec, run));
        var request = RemoteRequests.Build(run, "TaskRun", resolver, given, name);
        if (!world.ResolutionRequests.TryGetValue(request.Name(), out var answered))
        {
            requests.Add(request);
            return (null, null);
        }

        var (manifest, error) = RemoteRequests.Read(answered);
        if (manifest is not null && manifest.Text("kind") != "StepAction")
        {
            return (null, "resource is not a StepAction");
        }

        if (manifest is not null && answered.Object("status", "refSource") is { } source)
        {
            sources[index] = source.Copy();
        }

        return (manifest, error);
    }

    /// <summary>Puts the StepAction's fields into the step; gives what is wrong with its params.</summary>
    private static string? Merge(JsonObject step, JsonObject action, JsonObject taskSpec, JsonObject run)
    {
        var spec = action.Object("spec")?.Copy() ?? [];
        var declared = spec.Objects("params").ToList();
        declared.ForEach(TaskRunDefaults.SetParam);
        spec.Objects("results").ToList().ForEach(TaskRunDefaults.SetResult);
        var given = step.Objects("params").Select(param => param.Copy()).ToList();
        if (CheckNames(declared, given) is { } wrong)
        {
            return wrong;
        }

        SubstitutedFields.ReplaceParams(given, TaskRunVariables.Params(taskSpec, run));
        var values = Values(declared, given, spec, out var error);
        if (error is not null)
        {
            return error;
        }

        var source = new JsonObject();
        foreach (var field in new[] { "image", "command", "args", "script", "workingDir", "env", "volumeMounts", "results", "securityContext" })
        {
            if (spec[field] is { } value)
            {
                source[field] = value.DeepClone();
            }
        }

        TaskVariables.ReplaceStep(source, values);
        foreach (var field in new[] { "image", "workingDir", "securityContext" })
        {
            step.Remove(field);
        }

        foreach (var (field, value) in source.Where(pair => pair.Value is not JsonArray { Count: 0 }).ToList())
        {
            step[field] = value?.DeepClone();
        }

        step.Remove("ref");
        step.Remove("params");
        TaskRunDefaults.SetTask(taskSpec);
        return null;
    }

    private static string? CheckNames(List<JsonObject> declared, List<JsonObject> given)
    {
        var names = declared.Select(param => param.Text("name") ?? "").ToHashSet();
        var givenNames = given.Select(param => param.Text("name") ?? "").ToHashSet();
        var extra = givenNames.Where(name => !names.Contains(name)).ToList();
        if (extra.Count > 0)
        {
            return $"extra params passed by Step to StepAction: {GoText.List(extra)}";
        }

        var missing = declared.Where(param => !param.ContainsKey("default")).Select(param => param.Text("name") ?? "").Where(name => !givenNames.Contains(name)).ToList();
        return missing.Count > 0 ? $"non-existent params in Step: {GoText.List(missing)}" : null;
    }

    /// <summary>Given values, then plain defaults, then defaults that refer to other params, then references to step results.</summary>
    private static Replacements Values(List<JsonObject> declared, List<JsonObject> given, JsonObject spec, out string? error)
    {
        error = null;
        var values = new Replacements();
        values.AddDefaults(declared);
        var known = given.ToDictionary(param => param.Text("name") ?? "", param => ParamValue.Read(param["value"]));
        var open = new Dictionary<string, string>();
        foreach (var param in declared.Where(param => !known.ContainsKey(param.Text("name") ?? "") && param.ContainsKey("default")))
        {
            var value = ParamValue.Read(param["default"]);
            if (value.AsText.Contains("$(params.", StringComparison.Ordinal))
            {
                open[param.Text("name")!] = value.AsText;
            }
            else
            {
                known[param.Text("name")!] = value;
            }
        }

        error = ResolveDefaults(declared, known, open);
        foreach (var (name, value) in known)
        {
            values.AddParam(name, value);
        }

        foreach (var param in given.Where(param => ParamValue.Read(param["value"]).AsText.StartsWith("$(steps.", StringComparison.Ordinal)))
        {
            AddStepResult(values, param, declared, spec);
        }

        if (error is null && values.Strings.Keys.Order(StringComparer.Ordinal).FirstOrDefault(values.Arrays.ContainsKey) is { } clash)
        {
            var name = declared.Select(param => param.Text("name") ?? "").FirstOrDefault(name => Replacements.Spellings(name).Contains(clash)) ?? clash;
            error = $"invalid parameter substitution: {name}. Please check the types of the default value and the passed value";
        }

        return values;
    }

    private static string? ResolveDefaults(List<JsonObject> declared, Dictionary<string, ParamValue> known, Dictionary<string, string> open)
    {
        while (open.Count > 0)
        {
            var ready = open.Where(pair => References(pair.Value).All(known.ContainsKey)).ToList();
            foreach (var (name, text) in ready)
            {
                known[name] = new ParamValue.Text(References(text).Aggregate(text, (so, reference) =>
                    so.Replace($"$(params.{reference})", known[reference].AsText, StringComparison.Ordinal)));
                open.Remove(name);
            }

            if (ready.Count == 0)
            {
                foreach (var (name, text) in open)
                {
                    if (References(text).FirstOrDefault(reference => declared.All(param => param.Text("name") != reference)) is { } unknown)
                    {
                        return $"parameter \"{name}\" references non-existent parameter \"{unknown}\"";
                    }
                }

                return "circular dependency detected in parameter references";
            }
        }

        return null;
    }

    private static IEnumerable<string> References(string text) =>
        Substitution.Names(text).Where(name => name.StartsWith("params.", StringComparison.Ordinal)).Select(name => name["params.".Length..]);

    /// <summary>A param whose value is a step result: what uses the param refers to the result, which the entrypoint replaces in the pod.</summary>
    private static void AddStepResult(Replacements values, JsonObject param, List<JsonObject> declared, JsonObject spec)
    {
        var name = param.Text("name") ?? "";
        var text = ParamValue.Read(param["value"]).AsText;
        var result = Substitution.ExactName(text) ?? text;
        var target = declared.FirstOrDefault(one => one.Text("name") == name);
        switch (target.Text("type"))
        {
            case "object":
                foreach (var key in target.Object("properties")?.Select(pair => pair.Key) ?? [])
                {
                    values.Strings[$"params.{name}.{key}"] = $"$({result}.{key})";
                }

                break;
            case "array":
                foreach (var spelling in Replacements.Spellings(name))
                {
                    values.Strings[$"{spelling}[*]"] = $"$({result}[*])";
                    foreach (var used in AllTexts(spec).SelectMany(Substitution.Names).Where(used => used.StartsWith(spelling + "[", StringComparison.Ordinal)))
                    {
                        values.Strings[used] = $"$({result}{used[spelling.Length..]})";
                    }
                }

                break;
            default:
                foreach (var spelling in Replacements.Spellings(name))
                {
                    values.Strings[spelling] = text;
                }

                break;
        }
    }

    private static IEnumerable<string> AllTexts(JsonObject spec) =>
        [.. PodParts.TextsOf(spec["command"]), .. PodParts.TextsOf(spec["args"]), .. spec.Objects("env").Select(variable => variable.Text("value") ?? "")];
}
