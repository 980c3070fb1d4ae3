using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Resources.Pipelines;

/// <summary>
/// Turns a Pipelines object from one served version into another. What the other version cannot say is kept in annotations where upstream
/// keeps it. As tektoncd/pipeline pkg/apis/pipeline/v1beta1/*_conversion.go.
/// </summary>
public static class PipelinesConversion
{
    private const string DeprecationsAnnotation = "tekton.dev/v1beta1.task-deprecations";

    private static readonly string[] DeprecatedFields =
    [
        "ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "terminationMessagePath", "terminationMessagePolicy",
        "stdin", "stdinOnce", "tty",
    ];

    /// <summary>The object in a version, such as <c>v1</c> or <c>tekton.dev/v1</c>; unchanged when it is in it already or the kind is not one of ours.</summary>
    public static JsonObject Convert(JsonObject manifest, string toVersion)
    {
        var from = manifest.Text("apiVersion") ?? "";
        var group = from.Split('/')[0];
        var to = toVersion.Contains('/', StringComparison.Ordinal) ? toVersion : $"{group}/{toVersion}";
        if (from == to)
        {
            return manifest;
        }

        var converted = manifest.Copy();
        converted["apiVersion"] = to;
        var isUp = to.EndsWith("/v1", StringComparison.Ordinal);
        switch (manifest.Text("kind"))
        {
            case "Task":
                TaskSpec(converted.Object("spec"), isUp, converted);
                return Shaped(converted, isUp);
            case "Pipeline":
                PipelineSpec(converted.Object("spec"), isUp);
                return Shaped(converted, isUp);
            case "TaskRun":
                TaskRun(converted, isUp);
                return Shaped(converted, isUp);
            case "PipelineRun":
                PipelineRun(converted, isUp);
                return Shaped(converted, isUp);
            case "ResolutionRequest":
                ResolutionRequest(converted, to);
                return converted;
            default:
                return converted;
        }
    }

    /// <summary>Why an object cannot be shown in a version, in the words of upstream's conversion webhook; null when it can.</summary>
    public static string? Problem(JsonObject manifest, string toVersion)
    {
        if (manifest.Text("kind") != "ResolutionRequest" || toVersion != "v1alpha1" || manifest.At("spec", "params") is not JsonArray given)
        {
            return null;
        }

        var others = given.OfType<JsonObject>().Where(param => param["value"] is JsonArray or JsonObject).Select(param => param.Text("name")).ToList();
        return others.Count == 0 ? null
            : "conversion webhook for resolution.tekton.dev/v1beta1, Kind=ResolutionRequest failed: conversion failed to version v1alpha1 for type "
                + "[kind=ResolutionRequest group=resolution.tekton.dev version=v1beta1] -  cannot convert v1beta1 to v1alpha, "
                + $"non-string type parameter(s) found: {string.Join(", ", others)}";
    }

    private static JsonObject Shaped(JsonObject manifest, bool isUp) =>
        new ShapedJson(isUp ? Shapes.V1 : Shapes.V1Beta1).Read(manifest, manifest.Text("kind")!);

    private static void TaskRun(JsonObject run, bool isUp)
    {
        if (run.Object("spec") is { } spec)
        {
            TaskSpec(spec.Object("taskSpec"), isUp, isUp ? run : null);
            Rename(spec, isUp, "stepOverrides", "stepSpecs", Resources);
            Rename(spec, isUp, "sidecarOverrides", "sidecarSpecs", Resources);
            spec.Object("taskRef")?.Remove("bundle");
            spec.Remove(isUp ? "resources" : "managedBy");
        }

        var status = run.Ensure("status");
        TaskSpec(status.Object("taskSpec"), isUp, null);
        Rename(status, isUp, "taskResults", "results", null);
        Preserve(run, status, isUp, "cloudEvents", "tekton.dev/v1beta1CloudEvents");
        Preserve(run, status, isUp, "resourcesResult", "tekton.dev/v1beta1ResourcesResult");
        foreach (var attempt in status.Objects("retriesStatus"))
        {
            TaskSpec(attempt.Object("taskSpec"), isUp, null);
            Rename(attempt, isUp, "taskResults", "results", null);
        }

        if (!isUp)
        {
            status.Remove("artifacts");
            foreach (var step in status.Objects("steps"))
            {
                step.Remove("terminationReason");
                foreach (var artifact in step.Objects("inputs").Concat(step.Objects("outputs")))
                {
                    artifact.Remove("buildOutput");
                }
            }

            status.Remove("spanContext");
        }
    }

    private static void PipelineRun(JsonObject run, bool isUp)
    {
        if (run.Object("spec") is { } spec)
        {
            PipelineSpec(spec.Object("pipelineSpec"), isUp);
            spec.Object("pipelineRef")?.Remove("bundle");
            spec.Remove(isUp ? "resources" : "managedBy");
            if (isUp)
            {
                PipelineRunSpecUp(spec);
            }
            else
            {
                PipelineRunSpecDown(spec);
            }
        }

        var status = run.Ensure("status");
        PipelineSpec(status.Object("pipelineSpec"), isUp);
        Rename(status, isUp, "pipelineResults", "results", null);
        status.Remove("taskRuns");
        status.Remove("runs");
        if (!isUp)
        {
            status.Remove("spanContext");
        }
    }

    private static void PipelineRunSpecUp(JsonObject spec)
    {
        var template = spec.Ensure("taskRunTemplate");
        Move(spec, "serviceAccountName", template, "serviceAccountName");
        Move(spec, "podTemplate", template, "podTemplate");
        if (spec["timeout"] is not null)
        {
            Move(spec, "timeout", spec.Ensure("timeouts"), "pipeline");
        }

        foreach (var one in spec.Objects("taskRunSpecs"))
        {
            Move(one, "taskServiceAccountName", one, "serviceAccountName");
            Move(one, "taskPodTemplate", one, "podTemplate");
            Rename(one, true, "stepOverrides", "stepSpecs", Resources);
            Rename(one, true, "sidecarOverrides", "sidecarSpecs", Resources);
        }
    }

    private static void PipelineRunSpecDown(JsonObject spec)
    {
        if (spec.Object("taskRunTemplate") is { } template)
        {
            Move(template, "serviceAccountName", spec, "serviceAccountName");
            Move(template, "podTemplate", spec, "podTemplate");
            spec.Remove("taskRunTemplate");
        }

        foreach (var one in spec.Objects("taskRunSpecs"))
        {
            Move(one, "serviceAccountName", one, "taskServiceAccountName");
            Move(one, "podTemplate", one, "taskPodTemplate");
            Rename(one, false, "stepOverrides", "stepSpecs", Resources);
            Rename(one, false, "sidecarOverrides", "sidecarSpecs", Resources);
            if (one.Object("metadata") is { } metadata)
            {
                // As upstream: the labels are written into the annotations on the way down.
                Set(metadata, "annotations", metadata["labels"]?.DeepClone());
            }
        }
    }

    private static void PipelineSpec(JsonObject? spec, bool isUp)
    {
        spec?.Remove("resources");
        foreach (var task in spec.Objects("tasks").Concat(spec.Objects("finally")))
        {
            TaskSpec(task.Object("taskSpec"), isUp, null);
            task.Object("taskRef")?.Remove("bundle");
            task.Remove("resources");
            if (!isUp)
            {
                // v1beta1 as stored by the converter has no pipelines in pipelines.
                task.Remove("pipelineRef");
                task.Remove("pipelineSpec");
            }
        }
    }

    private static void TaskSpec(JsonObject? spec, bool isUp, JsonObject? owner)
    {
        if (spec is null)
        {
            return;
        }

        IReadOnlyList<JsonObject> steps = [.. spec.Objects("steps")];
        var template = spec.Object("stepTemplate");
        foreach (var container in steps.Concat(spec.Objects("sidecars")).Concat(template is null ? [] : [template]))
        {
            Resources(container, isUp);
        }

        if (isUp)
        {
            KeepDeprecated(owner, steps, template);
        }

        Preserve(owner, spec, isUp, "resources", "tekton.dev/v1beta1Resources");
        if (!isUp && owner is not null)
        {
            RestoreDeprecations(owner, spec);
        }
    }

    /// <summary>What v1 steps cannot say goes into an annotation, all steps in order, in the field order of a container.</summary>
    private static void KeepDeprecated(JsonObject? owner, IReadOnlyList<JsonObject> steps, JsonObject? template)
    {
        var taken = steps.Select(step => TakeDeprecated(step, "")).ToList();
        var name = template?.Text("name") ?? "";
        template?.Remove("name");
        var kept = new JsonObject();
        if (taken.Any(one => one.Count > 2))
        {
            kept["deprecatedSteps"] = new JsonArray([.. taken]);
        }

        if (template is not null && TakeDeprecated(template, name) is var rest && (rest.Count > 2 || name.Length > 0))
        {
            kept["deprecatedStepTemplate"] = rest;
        }

        if (owner is not null && kept.Count > 0)
        {
            owner.Ensure("metadata", "annotations")[DeprecationsAnnotation] = new JsonObject { [owner.Name()] = kept }.ToJsonString();
        }
    }

    private static JsonObject TakeDeprecated(JsonObject container, string name)
    {
        var taken = new JsonObject { ["name"] = name };
        Move(container, "ports", taken, "ports");
        taken["resources"] = new JsonObject();
        foreach (var field in DeprecatedFields)
        {
            Move(container, field, taken, field);
        }

        return taken;
    }

    private static void RestoreDeprecations(JsonObject owner, JsonObject spec)
    {
        if (owner.Annotation(DeprecationsAnnotation) is not { } text || LooseJson.TryParse(text).Object(owner.Name()) is not { } kept)
        {
            return;
        }

        foreach (var (one, step) in kept.Objects("deprecatedSteps").Zip(spec.Objects("steps")))
        {
            Restore(one, step);
        }

        if (kept.Object("deprecatedStepTemplate") is { } template)
        {
            var target = spec.Ensure("stepTemplate");
            Restore(template, target);
            if (template.Text("name") is { Length: > 0 } name)
            {
                target["name"] = name;
            }
        }

        DropAnnotation(owner, DeprecationsAnnotation);
    }

    private static void Restore(JsonObject kept, JsonObject target)
    {
        foreach (var field in DeprecatedFields)
        {
            if (kept[field] is { } value)
            {
                target[field] = value.DeepClone();
            }
        }
    }

    /// <summary>A field that only v1beta1 has travels through v1 in an annotation.</summary>
    private static void Preserve(JsonObject? owner, JsonObject holder, bool isUp, string field, string annotation)
    {
        if (isUp)
        {
            if (owner is not null && holder[field] is { } value)
            {
                owner.Ensure("metadata", "annotations")[annotation] = value.ToJsonString();
            }

            holder.Remove(field);
        }
        else if (owner?.Annotation(annotation) is { } text && LooseJson.TryParse(text) is { } kept)
        {
            holder[field] = kept;
            DropAnnotation(owner, annotation);
        }
    }

    private static void DropAnnotation(JsonObject owner, string annotation)
    {
        var annotations = owner.Ensure("metadata", "annotations");
        annotations.Remove(annotation);
        if (annotations.Count == 0)
        {
            owner.Ensure("metadata").Remove("annotations");
        }
    }

    private static void Resources(JsonObject container, bool isUp) => Rename(container, isUp, "resources", "computeResources", null);

    private static void Rename(JsonObject holder, bool isUp, string older, string newer, Action<JsonObject, bool>? each)
    {
        var (from, to) = isUp ? (older, newer) : (newer, older);
        Move(holder, from, holder, to);
        if (each is not null)
        {
            foreach (var item in holder.Objects(to))
            {
                each(item, isUp);
            }
        }
    }

    private static void Move(JsonObject from, string field, JsonObject to, string name)
    {
        if (from[field] is { } value)
        {
            from.Remove(field);
            to[name] = value;
        }
    }

    private static void ResolutionRequest(JsonObject request, string to)
    {
        var spec = request.Ensure("spec");
        if (to.EndsWith("/v1alpha1", StringComparison.Ordinal))
        {
            var map = new JsonObject();
            foreach (var param in spec.Objects("params").OrderBy(param => param.Text("name"), StringComparer.Ordinal))
            {
                map[param.Text("name") ?? ""] = param.Text("value") ?? "";
            }

            spec.Remove("url");
            Set(spec, "params", map.Count > 0 ? map : null);
            var status = request.Ensure("status");
            status.Remove("source");
            status["data"] ??= "";
            return;
        }

        var list = new JsonArray();
        foreach (var (name, value) in (spec.Object("params") ?? []).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            list.Add((JsonNode)new JsonObject { ["name"] = name, ["value"] = value?.DeepClone() });
        }

        Set(spec, "params", list.Count > 0 ? list : null);
        request.Ensure("status")["data"] ??= "";
    }

    private static void Set(JsonObject holder, string field, JsonNode? value)
    {
        holder.Remove(field);
        if (value is not null)
        {
            holder[field] = value;
        }
    }
}
