using System.Text.Json.Nodes;
using Hikigane.Pipelines.Configuration;
using Hikigane.Pipelines.Pods;
using Hikigane.Pipelines.Variables;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.TaskRuns;

/// <summary>
/// Defaults that are set again before a run is looked at, since the configuration may have changed since admission.
/// As tektoncd/pipeline pkg/apis/pipeline/v1/{taskrun,task,param,result}_defaults.go.
/// </summary>
public static class TaskRunDefaults
{
    public static void SetRun(JsonObject run, PipelinesConfig config)
    {
        var spec = run.Ensure("spec");
        if (string.IsNullOrEmpty(spec.Text("serviceAccountName")))
        {
            spec["serviceAccountName"] = config.ServiceAccount;
        }

        if (spec["timeout"] is null)
        {
            spec["timeout"] = GoDuration.Format(config.Timeout);
        }

        if (config.PodTemplate is { } template)
        {
            spec["podTemplate"] = MergePodTemplate(spec.Object("podTemplate"), template);
        }

        if (spec.Object("taskSpec") is { } taskSpec)
        {
            SetTask(taskSpec);
        }
    }

    /// <summary>Sets defaults in a Task's specification and writes the fields that upstream always writes.</summary>
    public static void SetTask(JsonObject taskSpec)
    {
        foreach (var param in taskSpec.Objects("params"))
        {
            SetParam(param);
        }

        foreach (var result in taskSpec.Objects("results"))
        {
            SetResult(result);
        }

        foreach (var container in taskSpec.Objects("steps").Concat(taskSpec.Objects("sidecars")))
        {
            container["name"] ??= "";
            SetResources(container);
        }

        if (taskSpec.Object("stepTemplate") is { } template)
        {
            SetResources(template);
        }
    }

    /// <summary>Quantities in their canonical spelling; the field itself is always written.</summary>
    private static void SetResources(JsonObject container)
    {
        container["computeResources"] ??= new JsonObject();
        foreach (var amounts in new[] { container.Object("computeResources", "requests"), container.Object("computeResources", "limits") }.OfType<JsonObject>())
        {
            foreach (var (name, amount) in amounts.ToList())
            {
                amounts[name] = Quantity.Canonical(amount?.ToString() ?? "");
            }
        }
    }

    public static void SetParam(JsonObject param)
    {
        if (string.IsNullOrEmpty(param.Text("type")))
        {
            param["type"] = param.Object("properties") is not null ? "object"
                : param.ContainsKey("default") ? ParamValue.Read(param["default"]).Type : "string";
        }

        SetProperties(param);
    }

    internal static void SetResult(JsonObject result)
    {
        if (string.IsNullOrEmpty(result.Text("type")))
        {
            result["type"] = result.Object("properties") is not null ? "object" : "string";
        }

        SetProperties(result);
    }

    private static void SetProperties(JsonObject owner)
    {
        foreach (var property in owner.Object("properties")?.Select(pair => pair.Value).OfType<JsonObject>() ?? [])
        {
            property["type"] ??= "string";
        }
    }

    /// <summary>The run's template over the configured one: env and volumes by name, every other field as a whole.</summary>
    private static JsonObject MergePodTemplate(JsonObject? own, JsonObject configured)
    {
        if (own is null)
        {
            return configured.Copy();
        }

        var merged = own.Copy();
        foreach (var (key, value) in configured)
        {
            if (key is "env" or "volumes")
            {
                var names = merged.Objects(key).Select(item => item.Text("name")).ToHashSet();
                var items = configured.Objects(key).Where(item => !names.Contains(item.Text("name"))).Select(item => item.Copy());
                PodParts.SetList(merged, key, new JsonArray([.. items.Concat(merged.Objects(key).Select(item => item.Copy())).ToList()]));
            }
            else
            {
                merged[key] ??= value?.DeepClone();
            }
        }

        return merged;
    }
}
