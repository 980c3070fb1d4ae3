using System.Text.Json.Nodes;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources;
using Hikigane.Resources.Json;
using Hikigane.Resources.Pipelines;

namespace Hikigane.Pipelines.PipelineRuns;

/// <summary>Builds the TaskRuns, CustomRuns or the PipelineRun of a task. As tektoncd/pipeline createTaskRuns, createCustomRuns and createChildPipelineRuns.</summary>
internal static class ChildBuilder
{
    /// <summary>Carries the display name from here to the child reference; no child keeps it.</summary>
    internal const string DisplayName = "hikigane.dev/display-name";

    public static ResourceType TypeOf(TaskState state) => state.IsPipeline ? Kinds.PipelineRun : state.IsCustom ? Kinds.CustomRun : Kinds.TaskRun;

    public static IEnumerable<JsonObject> Build(RunDraft draft, TaskState state, Facts facts)
    {
        var task = (JsonObject)PipelineVariables.Substitute(state.Task, PipelineVariables.ForTask(state, facts))!;
        var combinations = Matrices.Combinations(task);
        for (var i = 0; i < combinations.Count; i++)
        {
            var child = new JsonObject
            {
                ["apiVersion"] = TypeOf(state).ApiVersion,
                ["kind"] = TypeOf(state).Kind,
                ["metadata"] = Metadata(draft, state, task, ChildNames.ForTask(draft.Run.Name(), state.Name, i, combinations.Count)),
                ["spec"] = Spec(draft, state, task, combinations[i]),
            };
            if (Display(task, combinations[i]) is { Length: > 0 } name)
            {
                child.Ensure("metadata", "annotations")[DisplayName] = name;
            }

            yield return child;
        }
    }

    private static JsonObject Metadata(RunDraft draft, TaskState state, JsonObject task, string name)
    {
        var run = draft.Run;
        var own = SpecsFor(run, state).Object("metadata");
        var inline = state.IsCustom ? null : task.Object("taskSpec", "metadata");
        var labels = Merge(inline.Object("labels"), run.Object("metadata", "labels"), state.IsCustom ? null : own.Object("labels"));
        labels["tekton.dev/pipelineRun"] = run.Name();
        labels["tekton.dev/pipelineRunUID"] = run.Uid();
        labels["tekton.dev/pipelineTask"] = state.Name;
        labels["tekton.dev/memberOf"] = state.IsFinal ? "finally" : "tasks";
        if (state.IsPipeline)
        {
            labels.Remove("tekton.dev/pipeline");
        }

        var annotations = Merge(inline.Object("annotations"), run.Object("metadata", "annotations"), own.Object("annotations"));
        foreach (var key in annotations.Select(pair => pair.Key).Where(key => key.StartsWith("chains.tekton.dev/", StringComparison.Ordinal) || key == "kubectl.kubernetes.io/last-applied-configuration").ToList())
        {
            annotations.Remove(key);
        }

        if (state.ContinuesOnError && !state.IsCustom && !state.IsPipeline)
        {
            annotations["pipeline.tekton.dev/pipeline-task-on-error"] = "continue";
        }

        if (RunWorkspaces.AssistantFor(draft, task) is { } assistant)
        {
            annotations["pipeline.tekton.dev/affinity-assistant"] = assistant;
        }

        return new JsonObject
        {
            ["name"] = name,
            ["namespace"] = run.Namespace(),
            ["labels"] = labels,
            ["annotations"] = annotations,
            ["ownerReferences"] = new JsonArray(run.OwnerReference()),
        };
    }

    private static JsonObject Spec(RunDraft draft, TaskState state, JsonObject task, Combination combination)
    {
        var spec = new JsonObject();
        Put(spec, "params", Params(task, combination));
        Put(spec, "workspaces", RunWorkspaces.Bind(draft, task));
        if (state.IsPipeline)
        {
            Put(spec, "pipelineRef", task["pipelineRef"]?.DeepClone());
            Put(spec, "pipelineSpec", task["pipelineSpec"]?.DeepClone());
            Put(spec, "taskRunTemplate", draft.Run["spec"].At("taskRunTemplate")?.DeepClone());
            return spec;
        }

        var own = SpecsFor(draft.Run, state);
        var template = draft.Run.Object("spec", "taskRunTemplate");
        Put(spec, "serviceAccountName", own.Text("serviceAccountName") ?? template.Text("serviceAccountName"));
        Put(spec, "retries", task["retries"]?.DeepClone());
        Put(spec, "timeout", own.Text("timeout") ?? task.Text("timeout") ?? LongerThanDefault(draft, state));
        if (state.IsCustom)
        {
            Put(spec, "customRef", task["taskRef"]?.DeepClone());
            Put(spec, "customSpec", Custom(task.Object("taskSpec")));
            return spec;
        }

        Put(spec, "taskRef", task["taskRef"]?.DeepClone());
        Put(spec, "taskSpec", Inline(task.Object("taskSpec")));
        var mine = own.Object("podTemplate");
        var theirs = Defaulted(template.Object("podTemplate"), draft.World.Config.DefaultPodTemplate);
        Put(spec, "podTemplate", mine is not null && theirs is not null ? PodTemplates.Merge(mine, theirs) : (mine ?? theirs)?.DeepClone());
        foreach (var field in new[] { "stepSpecs", "sidecarSpecs", "computeResources" })
        {
            Put(spec, field, own.At(field)?.DeepClone());
        }

        return spec;
    }

    /// <summary>The limits of a run are kept by the run; a child hears of one only where its default would end it before.</summary>
    private static string? LongerThanDefault(RunDraft draft, TaskState state)
    {
        var clock = RunClock.Of(draft.Run, draft.Status, draft.Now);
        return !state.IsCustom && (state.IsFinal ? clock.Finally : clock.Tasks) is { } limit && limit > draft.World.Config.DefaultTimeout ? GoDuration.Format(limit) : null;
    }

    private static JsonArray? Params(JsonObject task, Combination combination)
    {
        var list = new List<JsonNode?>(combination.Params.Select(pair => new JsonObject { ["name"] = pair.Key, ["value"] = pair.Value }));
        list.AddRange(task.Objects("params").Select(param => param.DeepClone()));
        return list.Count > 0 ? new JsonArray([.. list]) : null;
    }

    private static JsonObject? Defaulted(JsonObject? template, JsonObject? byDefault) =>
        template is not null && byDefault is not null ? PodTemplates.Merge(template, byDefault) : template ?? byDefault;

    private static JsonObject? Inline(JsonObject? spec)
    {
        if (spec is null)
        {
            return null;
        }

        var inline = spec.Copy();
        foreach (var field in new[] { "metadata", "spec", "apiVersion", "kind" })
        {
            inline.Remove(field);
        }

        return inline;
    }

    private static JsonObject? Custom(JsonObject? spec) => spec is null ? null : new JsonObject
    {
        ["apiVersion"] = spec.Text("apiVersion"),
        ["kind"] = spec.Text("kind"),
        ["metadata"] = spec["metadata"]?.DeepClone() ?? new JsonObject(),
        ["spec"] = spec["spec"]?.DeepClone(),
    };

    private static string? Display(JsonObject task, Combination combination)
    {
        var replacements = new Replacements();
        foreach (var (name, value) in combination.Params)
        {
            replacements.AddParam(name, new ParamValue.Text(value));
        }

        var own = Substitution.Apply(task.Text("displayName") ?? "", replacements.Strings);
        return combination.Name is { Length: > 0 } include ? $"{own} {Substitution.Apply(include, replacements.Strings)}".Trim() : own;
    }

    private static JsonObject? SpecsFor(JsonObject run, TaskState state) =>
        run.Objects("spec", "taskRunSpecs").FirstOrDefault(one => one.Text("pipelineTaskName") == state.Name);

    private static JsonObject Merge(params JsonObject?[] maps)
    {
        var merged = new JsonObject();
        foreach (var (key, value) in maps.SelectMany(map => map ?? []))
        {
            merged[key] = value?.DeepClone();
        }

        return merged;
    }

    private static void Put(JsonObject spec, string field, JsonNode? value)
    {
        if (value is not null)
        {
            spec[field] = value;
        }
    }
}
