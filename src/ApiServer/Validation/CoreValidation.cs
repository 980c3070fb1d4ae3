using System.Text.Json.Nodes;
using Hikigane.ApiServer.Rest;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>
/// What is wrong with an object of Kubernetes' own kinds, all at once; of other kinds, what is wrong with its metadata. Called with the
/// defaulted object and, on updates, the old one. As kubernetes pkg/apis/*/validation.
/// </summary>
internal static class CoreValidation
{
    private const int AnnotationsLimit = 256 << 10;

    public static IReadOnlyList<FieldProblem> Check(ResourceType type, JsonObject manifest, JsonObject? old)
    {
        var problems = new Problems();
        Metadata(problems, manifest, "metadata");
        switch (type.Group, type.Kind)
        {
            case ("", "Pod"):
                PodRules.Pod(problems, manifest, old);
                break;
            case ("", "Service"):
                ServiceRules.Check(problems, manifest, old);
                break;
            case ("", "ConfigMap"):
                ContentRules.ConfigMap(problems, manifest, old);
                break;
            case ("", "Secret"):
                ContentRules.Secret(problems, manifest, old);
                break;
            case ("", "PersistentVolumeClaim"):
                ContentRules.Claim(problems, manifest, old);
                break;
            case ("apps", "Deployment" or "ReplicaSet" or "StatefulSet"):
                WorkloadRules.Check(problems, type.Kind, manifest, old);
                break;
            case ("apiextensions.k8s.io", "CustomResourceDefinition"):
                DefinitionRules.Check(problems, manifest);
                break;
            case ("rbac.authorization.k8s.io", "Role" or "ClusterRole"):
                RoleRules.Role(problems, manifest, type.IsNamespaced);
                break;
            case ("rbac.authorization.k8s.io", _):
                RoleRules.Binding(problems, manifest, old, type.IsNamespaced);
                break;
        }

        return problems.Found;
    }

    /// <summary>Labels and annotations of an object or of a template.</summary>
    public static void Metadata(Problems problems, JsonNode manifest, string path)
    {
        Labels(problems, manifest.Object("metadata", "labels"), path + ".labels");
        var size = 0;
        foreach (var (key, value) in manifest.Object("metadata", "annotations") ?? [])
        {
            size += key.Length + (value.Text()?.Length ?? 0);
            if (NameRules.LabelKey(key.ToLowerInvariant()) is { } problem)
            {
                problems.Invalid(path + ".annotations", key, problem);
            }
        }

        if (size > AnnotationsLimit)
        {
            problems.TooLong(path + ".annotations", AnnotationsLimit);
        }
    }

    public static void Labels(Problems problems, JsonObject? labels, string path)
    {
        foreach (var (key, value) in labels ?? [])
        {
            if (NameRules.LabelKey(key) is { } keyProblem)
            {
                problems.Invalid(path, key, keyProblem);
            }

            if (value.Text() is { } text && NameRules.LabelValue(text) is { } valueProblem)
            {
                problems.Invalid(path, text, valueProblem);
            }
        }
    }
}
