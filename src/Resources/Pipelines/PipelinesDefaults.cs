using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Resources.Pipelines;

/// <summary>Fills in what the user left out, in place. As tektoncd/pipeline pkg/apis/pipeline/v1/*_defaults.go.</summary>
internal sealed class PipelinesDefaults(PipelinesConfig config)
{
    public void Apply(JsonObject manifest)
    {
        var spec = manifest.Object("spec");
        var isBeta = manifest.Text("apiVersion") == "tekton.dev/v1beta1";
        if (spec is null)
        {
            return;
        }

        switch (manifest.Text("kind"))
        {
            case "Task":
                TaskSpec(spec);
                break;
            case "StepAction":
                ParamsAndResults(spec);
                break;
            case "Pipeline":
                PipelineSpec(spec);
                break;
            case "TaskRun":
                TaskRun(manifest, spec);
                break;
            case "PipelineRun":
                PipelineRun(spec, isBeta);
                break;
            case "CustomRun":
                spec["serviceAccountName"] ??= config.DefaultServiceAccount;
                break;
        }
    }

    private void TaskRun(JsonObject run, JsonObject spec)
    {
        if (run.Label("app.kubernetes.io/managed-by") is null)
        {
            run.Ensure("metadata", "labels")["app.kubernetes.io/managed-by"] = config.DefaultManagedBy;
        }

        TaskRef(spec.Object("taskRef"));
        spec["timeout"] ??= GoDuration.Format(config.DefaultTimeout);
        if (spec.Text("serviceAccountName") is null or "")
        {
            spec["serviceAccountName"] = config.DefaultServiceAccount;
        }

        PodTemplate(spec);
        TaskSpec(spec.Object("taskSpec"));
    }

    private void PipelineRun(JsonObject spec, bool isBeta)
    {
        if (spec.Object("pipelineRef") is { } reference && reference.Text("name") is null && reference.Text("resolver") is null && config.DefaultResolverType is { Length: > 0 } resolver)
        {
            reference["resolver"] = resolver;
        }

        if (isBeta)
        {
            if (spec["timeout"] is null && spec["timeouts"] is null)
            {
                spec["timeout"] = GoDuration.Format(config.DefaultTimeout);
            }
            else if (spec.Object("timeouts") is { } given)
            {
                given["pipeline"] ??= GoDuration.Format(config.DefaultTimeout);
            }
        }
        else
        {
            spec.Ensure("timeouts")["pipeline"] ??= GoDuration.Format(config.DefaultTimeout);
        }

        var template = isBeta ? spec : spec.Ensure("taskRunTemplate");
        template["serviceAccountName"] ??= config.DefaultServiceAccount;
        PodTemplate(template);
        PipelineSpec(spec.Object("pipelineSpec"));
    }

    private void PipelineSpec(JsonObject? spec)
    {
        if (spec is null)
        {
            return;
        }

        ParamSpecs(spec);
        foreach (var task in spec.Objects("tasks").Concat(spec.Objects("finally")))
        {
            TaskRef(task.Object("taskRef"));
            TaskSpec(task.Object("taskSpec"));
            PipelineSpec(task.Object("pipelineSpec"));
        }
    }

    private void TaskRef(JsonObject? reference)
    {
        if (reference is null)
        {
            return;
        }

        if (reference.Text("resolver") is null && reference.Text("name") is null && config.DefaultResolverType is { Length: > 0 } resolver)
        {
            reference["resolver"] = resolver;
        }
        else if (reference.Text("resolver") is null or "" && reference.Text("kind") is null or "")
        {
            reference["kind"] = "Task";
        }
    }

    private static void TaskSpec(JsonObject? spec)
    {
        if (spec is null)
        {
            return;
        }

        ParamsAndResults(spec);
        IEnumerable<JsonObject> templates = spec.Object("stepTemplate") is { } template ? [template] : [];
        foreach (var port in spec.Objects("steps").Concat(spec.Objects("sidecars")).Concat(templates).SelectMany(one => one.Objects("ports")))
        {
            // A default of the CRD's schema, not of the webhook.
            port["protocol"] ??= "TCP";
        }
    }

    private static void ParamsAndResults(JsonObject spec)
    {
        ParamSpecs(spec);
        Results(spec);
    }

    private static void ParamSpecs(JsonObject spec)
    {
        foreach (var param in spec.Objects("params"))
        {
            Properties(param);
            if (param.Text("type") is { Length: > 0 })
            {
                continue;
            }

            param["type"] = param["properties"] is not null ? "object" : param["default"] switch
            {
                JsonArray => "array",
                JsonObject => "object",
                _ => "string",
            };
        }
    }

    private static void Results(JsonObject spec)
    {
        foreach (var result in spec.Objects("results"))
        {
            Properties(result);
            if (result.Text("type") is null or "")
            {
                result["type"] = result["properties"] is not null ? "object" : "string";
            }
        }
    }

    private static void Properties(JsonObject holder)
    {
        foreach (var (_, property) in holder.Object("properties") ?? [])
        {
            if (property is JsonObject one && one.Text("type") is null)
            {
                one["type"] = "string";
            }
        }
    }

    /// <summary>The run's template wins field by field; env and volumes are merged by name.</summary>
    private void PodTemplate(JsonObject holder)
    {
        if (config.DefaultPodTemplate is not { } defaults)
        {
            return;
        }

        holder["podTemplate"] = PodTemplates.Merge(holder.Object("podTemplate"), defaults);
    }
}
