using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>What is wrong with a Pod or with the pod of a template. As kubernetes pkg/apis/core/validation <c>ValidatePodSpec</c>.</summary>
internal static class PodRules
{
    private const string UpdateRule = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
        + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    public static void Pod(Problems problems, JsonObject manifest, JsonObject? old)
    {
        var spec = manifest.Object("spec") ?? [];
        Spec(problems, spec, "spec");
        problems.OneOf("spec.restartPolicy", spec.Text("restartPolicy"), "Always", "Never", "OnFailure");
        if (old.Object("spec") is { } before)
        {
            Update(problems, spec, before);
        }
    }

    /// <summary>All but the restart policy, whose choice depends on what the pod is part of.</summary>
    public static void Spec(Problems problems, JsonObject spec, string path)
    {
        var volumes = Volumes(problems, spec, path);
        if (!spec.Items("containers").Any())
        {
            problems.Required(path + ".containers");
        }

        var names = new HashSet<string>();
        foreach (var field in (string[])["containers", "initContainers"])
        {
            foreach (var (index, container) in spec.Items(field).Index())
            {
                ContainerRules.Check(problems, container, $"{path}.{field}[{index}]", names, volumes);
            }
        }

        problems.OneOf(path + ".dnsPolicy", spec.Text("dnsPolicy"), "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None");
        problems.Between(path + ".activeDeadlineSeconds", spec.Integer("activeDeadlineSeconds"), 1, int.MaxValue);
        problems.AtLeast(path + ".terminationGracePeriodSeconds", spec.Integer("terminationGracePeriodSeconds"), 0);
        CoreValidation.Labels(problems, spec.Object("nodeSelector"), path + ".nodeSelector");
        if (spec.Text("serviceAccountName") is { Length: > 0 } account && Rest.Naming.SubdomainProblem(account) is { } problem)
        {
            problems.Invalid(path + ".serviceAccountName", account, problem);
        }
    }

    private static HashSet<string> Volumes(Problems problems, JsonObject spec, string path)
    {
        var names = new HashSet<string>();
        foreach (var (index, volume) in spec.Items("volumes").Index())
        {
            var at = $"{path}.volumes[{index}]";
            var name = volume.Text("name");
            problems.Name(at + ".name", name, NameRules.DnsLabel);
            if (!string.IsNullOrEmpty(name) && !names.Add(name))
            {
                problems.Duplicate(at + ".name", name);
            }

            foreach (var second in (volume as JsonObject ?? []).Where(pair => pair.Key != "name" && pair.Value is not null).Skip(1))
            {
                problems.Forbidden($"{at}.{second.Key}", "may not specify more than 1 volume type");
            }

            foreach (var (source, needed) in (ReadOnlySpan<(string, string)>)
                [("secret", "secretName"), ("configMap", "name"), ("persistentVolumeClaim", "claimName"), ("hostPath", "path"), ("csi", "driver")])
            {
                if (volume.At(source) is not null)
                {
                    problems.Name($"{at}.{source}.{needed}", volume.Text(source, needed));
                }
            }
        }

        return names;
    }

    private static void Update(Problems problems, JsonObject spec, JsonObject before)
    {
        foreach (var field in (string[])["containers", "initContainers"])
        {
            if (spec.Items(field).Count() != before.Items(field).Count())
            {
                problems.Forbidden($"spec.{field}", "pod updates may not add or remove containers");
                return;
            }
        }

        if (!JsonNode.DeepEquals(Fixed(spec, before), Fixed(before, before)) || IsLess(spec, before))
        {
            problems.Forbidden("spec", UpdateRule);
        }
    }

    /// <summary>A toleration taken away, or a deadline raised or removed.</summary>
    private static bool IsLess(JsonObject spec, JsonObject before) =>
        before.Items("tolerations").Any(one => !spec.Items("tolerations").Any(other => JsonNode.DeepEquals(one, other)))
        || (before.Integer("activeDeadlineSeconds") is { } deadline && !(spec.Integer("activeDeadlineSeconds") <= deadline));

    /// <summary>The part of a pod that stays. A binding sets the node, once.</summary>
    private static JsonObject Fixed(JsonObject spec, JsonObject before)
    {
        var kept = spec.Copy();
        foreach (var container in kept.Objects("containers").Concat(kept.Objects("initContainers")))
        {
            container.Remove("image");
            // The server's own default follows the image.
            container.Remove("imagePullPolicy");
        }

        kept.Remove("tolerations");
        kept.Remove("activeDeadlineSeconds");
        kept.Remove("schedulingGates");
        if (string.IsNullOrEmpty(before.Text("nodeName")))
        {
            kept.Remove("nodeName");
        }

        return kept;
    }
}
