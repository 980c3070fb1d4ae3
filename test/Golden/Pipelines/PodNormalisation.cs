using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Resources.Json;

namespace Hikigane.Golden.Pipelines;

/// <summary>Brings objects into the form of the recordings: see the README beside them.</summary>
internal static partial class PodNormalisation
{
    private static readonly string[] ServerFields =
        ["uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "namespace", "selfLink"];

    public static JsonObject Pod(JsonObject pod)
    {
        pod = pod.Copy();
        var result = new JsonObject { ["metadata"] = Metadata(pod.Object("metadata")!), ["spec"] = pod["spec"]!.DeepClone() };
        var spec = result.Object("spec")!;
        foreach (var container in spec.Objects("initContainers").Concat(spec.Objects("containers")))
        {
            Container(container);
        }

        foreach (var volume in spec.Objects("volumes"))
        {
            Volume(volume);
        }

        foreach (var source in spec.Objects("volumes").SelectMany(volume => volume.Select(pair => pair.Value).OfType<JsonObject>()))
        {
            Drop(source, "defaultMode", "420");
        }

        Drop(spec, "dnsPolicy", "ClusterFirst");
        Drop(spec, "enableServiceLinks", "true");
        Drop(spec, "schedulerName", "default-scheduler");
        Drop(spec, "terminationGracePeriodSeconds", "30");
        return (JsonObject)Texts(result);
    }

    public static JsonObject Metadata(JsonObject metadata)
    {
        var shown = metadata.Copy();
        foreach (var field in ServerFields)
        {
            shown.Remove(field);
        }

        foreach (var owner in shown.Objects("ownerReferences"))
        {
            owner.Remove("uid");
        }

        if (shown.Object("annotations") is { } annotations && annotations.ContainsKey("pipeline.tekton.dev/release"))
        {
            annotations["pipeline.tekton.dev/release"] = "<release>";
        }

        return shown;
    }

    /// <summary>Texts with chance in them.</summary>
    public static JsonNode Texts(JsonNode node)
    {
        switch (node)
        {
            case JsonObject map:
                return new JsonObject(map.Select(pair => KeyValuePair.Create(pair.Key, pair.Value is null ? null : Texts(pair.Value))));
            case JsonArray list:
                return new JsonArray([.. list.Select(item => item is null ? null : Texts(item))]);
            case JsonValue value when value.TryGetValue<string>(out var text):
                text = Heredoc().Replace(text, match => Encoding.UTF8.GetString(Convert.FromBase64String(match.Value)));
                text = Request().Replace(Clock().Replace(Uid().Replace(text, "<uid>"), "<time>"), "demo-<hash>");
                return Claim().Replace(Debug().Replace(Script().Replace(text, "$1-<rand>"), "$1-<rand>"), "$1-<hash>");
            default:
                return node.DeepClone();
        }
    }

    /// <summary>What the API server fills in.</summary>
    private static void Volume(JsonObject volume)
    {
        if (volume.Count == 1)
        {
            volume["emptyDir"] = new JsonObject();
        }

        if (volume.Object("hostPath") is { } path)
        {
            path["type"] ??= "";
        }

        if (volume.Object("ephemeral", "volumeClaimTemplate") is { } template)
        {
            template["metadata"] ??= new JsonObject();
            template.Ensure("spec")["volumeMode"] ??= "Filesystem";
        }
    }

    private static void Container(JsonObject container)
    {
        Drop(container, "terminationMessagePath", "/dev/termination-log");
        Drop(container, "terminationMessagePolicy", "File");
        if (container.Object("resources") is { } resources)
        {
            Resources(resources);
            if (resources.Count == 0)
            {
                container.Remove("resources");
            }
        }

        var image = container.Text("image") ?? "";
        var tag = image[(image.LastIndexOf('/') + 1)..];
        var isLatest = !image.StartsWith("ko://", StringComparison.Ordinal) && !tag.Contains('@', StringComparison.Ordinal)
            && (!tag.Contains(':', StringComparison.Ordinal) || tag.EndsWith(":latest", StringComparison.Ordinal));
        Drop(container, "imagePullPolicy", isLatest ? "Always" : "IfNotPresent");
        foreach (var port in container.Objects("ports"))
        {
            Drop(port, "protocol", "TCP");
        }

        foreach (var list in new[] { "args", "command", "env", "envFrom", "volumeMounts" })
        {
            if (container[list] is JsonArray { Count: 0 })
            {
                container.Remove(list);
            }
        }

        foreach (var variable in container.Objects("env").Where(variable => variable.Text("value") == ""))
        {
            variable.Remove("value");
        }
    }

    /// <summary>The API server takes a missing request from the limit.</summary>
    private static void Resources(JsonObject resources)
    {
        foreach (var (name, limit) in resources.Object("limits")?.ToList() ?? [])
        {
            resources.Ensure("requests")[name] ??= limit?.DeepClone();
        }

        foreach (var field in new[] { "limits", "requests" })
        {
            foreach (var name in resources.Object(field)?.Select(pair => pair.Key).ToList() ?? [])
            {
                resources.Object(field)![name] = Quantity.Canonical(resources.Object(field)![name]!.ToString());
            }
        }
    }

    private static void Drop(JsonObject owner, string field, string value)
    {
        if (owner[field]?.ToString() == value)
        {
            owner.Remove(field);
        }
    }

    [GeneratedRegex("uid-of-[a-z0-9.-]+")]
    private static partial Regex Uid();

    [GeneratedRegex(@"(?<=<< '_EOF_'\n)[A-Za-z0-9+/=]*(?=\n_EOF_)")]
    private static partial Regex Heredoc();

    [GeneratedRegex(@"\b((?:sidecar-)?script-[0-9]+)-[a-z0-9]{5}")]
    private static partial Regex Script();

    [GeneratedRegex("(heredoc-randomly-generated)-[a-z0-9]{5}")]
    private static partial Regex Debug();

    [GeneratedRegex("2026-06-0[12]T[0-9:]{8}Z")]
    private static partial Regex Clock();

    [GeneratedRegex("demo-[0-9a-f]{32}")]
    private static partial Regex Request();

    [GeneratedRegex(@"\b([a-z]*pvc)-[0-9a-f]{10}\b")]
    private static partial Regex Claim();
}
