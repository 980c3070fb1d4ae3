using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Pods;

/// <summary>Small pieces of pods.</summary>
internal static class PodParts
{
    private static readonly string[] StepFields =
        ["image", "command", "args", "workingDir", "envFrom", "env", "volumeMounts", "volumeDevices", "imagePullPolicy", "securityContext"];

    private static readonly string[] SidecarFields =
        [.. StepFields, "ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "terminationMessagePath",
            "terminationMessagePolicy", "stdin", "stdinOnce", "tty", "restartPolicy"];

    public static JsonObject Mount(string name, string path, bool isReadOnly = false)
    {
        var mount = new JsonObject { ["name"] = name, ["mountPath"] = path };
        if (isReadOnly)
        {
            mount["readOnly"] = true;
        }

        return mount;
    }

    public static JsonObject EmptyVolume(string name) => new() { ["name"] = name, ["emptyDir"] = new JsonObject() };

    /// <summary>The list at a key, made when absent.</summary>
    public static IList<JsonNode?> List(JsonObject owner, string key)
    {
        if (owner[key] is not JsonArray list)
        {
            owner[key] = list = [];
        }

        return list;
    }

    public static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);

    public static IEnumerable<string> TextsOf(JsonNode? list) => (list as JsonArray ?? []).Select(item => item?.ToString() ?? "");

    /// <summary>What the API leaves out when it is empty.</summary>
    public static void SetList(JsonObject owner, string key, JsonArray list)
    {
        owner.Remove(key);
        if (list.Count > 0)
        {
            owner[key] = list;
        }
    }

    public static JsonObject StepContainer(JsonObject step) => Container(step, StepFields);

    public static JsonObject SidecarContainer(JsonObject sidecar) => Container(sidecar, SidecarFields);

    /// <summary>Name of a step's container: <c>step-name</c> or <c>step-unnamed-i</c>. As tektoncd/pipeline pkg/pod StepName.</summary>
    public static string StepName(string? name, int index) => string.IsNullOrEmpty(name) ? $"step-unnamed-{index}" : $"step-{name}";

    public static bool IsStep(string container) => container.StartsWith("step-", StringComparison.Ordinal);

    public static bool IsSidecar(string container) => container.StartsWith("sidecar-", StringComparison.Ordinal);

    private static JsonObject Container(JsonObject source, string[] fields)
    {
        var container = new JsonObject { ["name"] = source.Text("name") ?? "" };
        foreach (var field in fields)
        {
            if (source[field] is { } value && value is not JsonArray { Count: 0 })
            {
                container[field] = value.DeepClone();
            }
        }

        if (source.Object("computeResources") is { Count: > 0 } resources)
        {
            container["resources"] = resources.DeepClone();
        }

        return container;
    }
}
