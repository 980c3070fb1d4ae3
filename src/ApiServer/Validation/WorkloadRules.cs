using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>What is wrong with a Deployment, a ReplicaSet or a StatefulSet. As kubernetes pkg/apis/apps/validation.</summary>
internal static class WorkloadRules
{
    public static void Check(Problems problems, string kind, JsonObject manifest, JsonObject? old)
    {
        problems.AtLeast("spec.replicas", manifest.Integer("spec", "replicas"), 0);
        problems.AtLeast("spec.minReadySeconds", manifest.Integer("spec", "minReadySeconds"), 0);
        var selector = manifest.Object("spec", "selector");
        var isEmpty = selector?.Object("matchLabels") is not { Count: > 0 } && !selector.Items("matchExpressions").Any();
        if (selector is null)
        {
            problems.Required("spec.selector");
        }
        else if (isEmpty)
        {
            problems.Invalid("spec.selector", selector, $"empty selector is invalid for {kind.ToLowerInvariant()}");
        }

        CoreValidation.Labels(problems, selector.Object("matchLabels"), "spec.selector.matchLabels");
        if (manifest.Object("spec", "template") is { } template)
        {
            Template(problems, template, selector, isEmpty);
        }
        else
        {
            problems.Required("spec.template");
        }

        if (kind == "Deployment")
        {
            Strategy(problems, manifest);
        }

        if (old is not null)
        {
            problems.Unchanged("spec.selector", selector, old.At("spec", "selector"));
        }
    }

    private static void Template(Problems problems, JsonObject template, JsonObject? selector, bool isEmpty)
    {
        var labels = template.Object("metadata", "labels");
        var pairs = selector.Object("matchLabels") ?? [];
        if (isEmpty || pairs.Any(pair => labels.Text(pair.Key) != pair.Value.Text()))
        {
            problems.Invalid("spec.template.metadata.labels", labels ?? [], "`selector` does not match template `labels`");
        }

        CoreValidation.Metadata(problems, template, "spec.template.metadata");
        PodRules.Spec(problems, template.Object("spec") ?? [], "spec.template.spec");
        problems.OneOf("spec.template.spec.restartPolicy", template.Text("spec", "restartPolicy"), "Always");
    }

    private static void Strategy(Problems problems, JsonObject manifest)
    {
        problems.OneOf("spec.strategy.type", manifest.Text("spec", "strategy", "type"), "Recreate", "RollingUpdate");
        if (manifest.Text("spec", "strategy", "type") == "Recreate" && manifest.At("spec", "strategy", "rollingUpdate") is not null)
        {
            problems.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
        }
    }
}
