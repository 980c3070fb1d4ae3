using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Pipelines.Variables;

/// <summary>
/// Where a Task's fields take variables. Changes the specification that it is given; the caller owns it.
/// As tektoncd/pipeline pkg/container and ApplyReplacements of pkg/reconciler/taskrun/resources/apply.go.
/// </summary>
public static class TaskVariables
{
    public static void Replace(JsonObject taskSpec, Replacements replacements)
    {
        foreach (var step in taskSpec.Objects("steps"))
        {
            SubstitutedFields.ReplaceParams(step.Objects("params"), replacements);
            ReplaceStep(step, replacements);
        }

        if (taskSpec.Object("stepTemplate") is { } template)
        {
            ReplaceContainer(template, replacements);
        }

        foreach (var volume in taskSpec.Objects("volumes"))
        {
            ReplaceVolume(volume, replacements);
        }

        foreach (var workspace in taskSpec.Objects("workspaces"))
        {
            workspace.ReplaceText(replacements, "mountPath");
        }

        foreach (var sidecar in taskSpec.Objects("sidecars"))
        {
            ReplaceSidecar(sidecar, replacements);
        }
    }

    public static void ReplaceStep(JsonObject step, Replacements replacements)
    {
        step.ReplaceText(replacements, "script", "onError");
        step.Object("stdoutConfig").ReplaceText(replacements, "path");
        step.Object("stderrConfig").ReplaceText(replacements, "path");
        SubstitutedFields.ReplaceWhen(step.Objects("when"), replacements);
        ReplaceContainer(step, replacements);
    }

    public static void ReplaceSidecar(JsonObject sidecar, Replacements replacements)
    {
        sidecar.ReplaceText(replacements, "script");
        ReplaceContainer(sidecar, replacements);
    }

    private static void ReplaceContainer(JsonObject container, Replacements replacements)
    {
        container.ReplaceText(replacements, "name", "image", "imagePullPolicy", "workingDir");
        container.ReplaceElements(replacements, "args");
        container.ReplaceElements(replacements, "command");
        foreach (var variable in container.Objects("env"))
        {
            variable.ReplaceText(replacements, "value");
            variable.Object("valueFrom", "secretKeyRef").ReplaceText(replacements, "name", "key");
            variable.Object("valueFrom", "configMapKeyRef").ReplaceText(replacements, "name", "key");
        }

        foreach (var source in container.Objects("envFrom"))
        {
            source.ReplaceText(replacements, "prefix");
            source.Object("configMapRef").ReplaceText(replacements, "name");
            source.Object("secretRef").ReplaceText(replacements, "name");
        }

        foreach (var mount in container.Objects("volumeMounts"))
        {
            mount.ReplaceText(replacements, "name", "mountPath", "subPath");
        }
    }

    private static void ReplaceVolume(JsonObject volume, Replacements replacements)
    {
        volume.ReplaceText(replacements, "name");
        volume.Object("configMap").ReplaceText(replacements, "name");
        volume.Object("configMap").ReplaceItems(replacements);
        volume.Object("secret").ReplaceText(replacements, "secretName");
        volume.Object("secret").ReplaceItems(replacements);
        volume.Object("persistentVolumeClaim").ReplaceText(replacements, "claimName");
        foreach (var source in volume.Objects("projected", "sources"))
        {
            source.Object("configMap").ReplaceText(replacements, "name");
            source.Object("secret").ReplaceText(replacements, "name");
            source.Object("serviceAccountToken").ReplaceText(replacements, "audience");
        }

        volume.Object("csi", "nodePublishSecretRef").ReplaceText(replacements, "name");
        volume.Object("csi", "volumeAttributes").ReplaceValues(replacements);
    }

    /// <summary>Replaces in the bindings of a run's workspaces: <c>subPath</c> and the names of what they bind.</summary>
    public static void ReplaceBindings(IEnumerable<JsonObject> bindings, Replacements replacements)
    {
        foreach (var binding in bindings)
        {
            binding.ReplaceText(replacements, "subPath");
            binding.Object("persistentVolumeClaim").ReplaceText(replacements, "claimName");
            binding.Object("configMap").ReplaceText(replacements, "name");
            binding.Object("configMap").ReplaceItems(replacements);
            binding.Object("secret").ReplaceText(replacements, "secretName");
            binding.Object("secret").ReplaceItems(replacements);
            foreach (var source in binding.Objects("projected", "sources"))
            {
                source.Object("configMap").ReplaceText(replacements, "name");
                source.Object("configMap").ReplaceItems(replacements);
                source.Object("secret").ReplaceText(replacements, "name");
                source.Object("secret").ReplaceItems(replacements);
            }

            binding.Object("csi").ReplaceText(replacements, "driver");
            binding.Object("csi", "nodePublishSecretRef").ReplaceText(replacements, "name");
        }
    }
}
