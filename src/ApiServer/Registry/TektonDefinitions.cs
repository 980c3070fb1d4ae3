using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Hikigane.Resources.Schemas;

namespace Hikigane.ApiServer.Registry;

/// <summary>
/// The CustomResourceDefinitions of Tekton Triggers and Pipelines, as objects that <c>kubectl get crds</c> lists. Names, columns, categories
/// and versions are those of tektoncd/triggers config/300-*.yaml and tektoncd/pipeline config/300-crds.
/// </summary>
public static class TektonDefinitions
{
    private const string Triggers = "triggers.tekton.dev";
    private const string Pipelines = "tekton.dev";
    private const string Resolution = "resolution.tekton.dev";
    private static readonly string[] TriggersCategories = ["tekton", "tekton-triggers"];
    private static readonly string[] PipelinesCategories = ["tekton", "tekton-pipelines"];
    private static readonly (string, string, string)[] NoColumns = [];

    private static readonly (string Name, string Type, string Path)[] RunColumns =
    [
        ("Succeeded", "string", ".status.conditions[?(@.type==\"Succeeded\")].status"),
        ("Reason", "string", ".status.conditions[?(@.type==\"Succeeded\")].reason"),
        ("StartTime", "date", ".status.startTime"),
        ("CompletionTime", "date", ".status.completionTime"),
    ];

    private static readonly (string Name, string Type, string Path)[] ListenerColumns =
    [
        ("Address", "string", ".status.address.url"),
        ("Available", "string", ".status.conditions[?(@.type=='Available')].status"),
        ("Reason", "string", ".status.conditions[?(@.type=='Available')].reason"),
        ("Ready", "string", ".status.conditions[?(@.type=='Ready')].status"),
        ("Reason", "string", ".status.conditions[?(@.type=='Ready')].reason"),
    ];

    private static readonly (string Name, string Type, string Path)[] OldRequestColumns =
    [
        ("Succeeded", "string", ".status.conditions[?(@.type=='Succeeded')].status"),
        ("Reason", "string", ".status.conditions[?(@.type=='Succeeded')].reason"),
    ];

    private static readonly (string Name, string Type, string Path)[] RequestColumns =
    [
        ("OwnerKind", "string", ".metadata.ownerReferences[0].kind"),
        ("Owner", "string", ".metadata.ownerReferences[0].name"),
        .. OldRequestColumns,
        ("StartTime", "string", ".metadata.creationTimestamp"),
        ("EndTime", "string", ".status.conditions[?(@.type=='Succeeded')].lastTransitionTime"),
    ];

    /// <summary>All definitions; copy before changing.</summary>
    public static readonly IReadOnlyList<JsonObject> All =
    [
        Trigger("ClusterInterceptor", "ci", isNamespaced: false, NoColumns, "v1alpha1"),
        Trigger("ClusterTriggerBinding", "ctb", isNamespaced: false, NoColumns, "v1beta1", "v1alpha1"),
        Trigger("EventListener", "el", isNamespaced: true, ListenerColumns, "v1beta1", "v1alpha1"),
        Trigger("Interceptor", "ni", isNamespaced: true, NoColumns, "v1alpha1"),
        Trigger("Trigger", "tri", isNamespaced: true, NoColumns, "v1beta1", "v1alpha1"),
        Trigger("TriggerBinding", "tb", isNamespaced: true, NoColumns, "v1beta1", "v1alpha1"),
        Trigger("TriggerTemplate", "tt", isNamespaced: true, NoColumns, "v1beta1", "v1alpha1"),
        Pipeline("CustomRun", [], RunColumns, "v1beta1"),
        Pipeline("Pipeline", [], NoColumns, "v1", "v1beta1"),
        Pipeline("PipelineRun", ["pr", "prs"], RunColumns, "v1", "v1beta1"),
        Pipeline("StepAction", [], NoColumns, "v1beta1", "v1alpha1"),
        Pipeline("Task", [], NoColumns, "v1", "v1beta1"),
        Pipeline("TaskRun", ["tr", "trs"], RunColumns, "v1", "v1beta1"),
        Definition(Pipelines, "VerificationPolicy", "verificationpolicies", [], PipelinesCategories, true, [Version("v1alpha1", true, NoColumns, hasStatus: false)]),
        Definition(
            Resolution, "ResolutionRequest", "resolutionrequests", [], PipelinesCategories, true,
            [Version("v1beta1", true, RequestColumns), Deprecated(Version("v1alpha1", false, OldRequestColumns))]),
    ];

    private static JsonObject Trigger(string kind, string shortName, bool isNamespaced, (string, string, string)[] columns, params string[] versions) =>
        Definition(
            Triggers, kind, $"{kind.ToLowerInvariant()}s", [shortName], TriggersCategories, isNamespaced,
            [.. versions.Select(version => Version(version, version == versions[0], columns))]);

    private static JsonObject Pipeline(string kind, string[] shortNames, (string, string, string)[] columns, params string[] versions) =>
        Definition(
            Pipelines, kind, $"{kind.ToLowerInvariant()}s", shortNames, PipelinesCategories, true,
            [.. versions.Select(version => Version(version, version == versions[0], columns))]);

    private static JsonObject Definition(
        string group, string kind, string plural, string[] shortNames, string[] categories, bool isNamespaced, JsonObject[] versions)
    {
        var names = new JsonObject
        {
            ["plural"] = plural,
            ["singular"] = kind.ToLowerInvariant(),
            ["kind"] = kind,
            ["listKind"] = $"{kind}List",
            ["categories"] = Strings(categories),
        };
        if (shortNames.Length > 0)
        {
            names["shortNames"] = Strings(shortNames);
        }

        foreach (var version in versions)
        {
            version["schema"] = new JsonObject { ["openAPIV3Schema"] = TektonSchemas.Of(group, version.Text("name")!, kind) };
        }

        return new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{plural}.{group}",
                ["labels"] = new JsonObject
                {
                    ["app.kubernetes.io/instance"] = "default",
                    ["app.kubernetes.io/part-of"] = group == Triggers ? "tekton-triggers" : "tekton-pipelines",
                },
            },
            ["spec"] = new JsonObject
            {
                ["group"] = group,
                ["names"] = names,
                ["scope"] = isNamespaced ? "Namespaced" : "Cluster",
                ["conversion"] = new JsonObject { ["strategy"] = "None" },
                ["versions"] = new JsonArray([.. versions]),
            },
        };
    }

    private static JsonObject Version(string name, bool isStorage, (string Name, string Type, string Path)[] columns, bool hasStatus = true)
    {
        var version = new JsonObject
        {
            ["name"] = name,
            ["served"] = true,
            ["storage"] = isStorage,
        };
        if (hasStatus)
        {
            version["subresources"] = new JsonObject { ["status"] = new JsonObject() };
        }

        if (columns.Length > 0)
        {
            version["additionalPrinterColumns"] = new JsonArray([.. columns.Select(column => (JsonNode)new JsonObject
            {
                ["name"] = column.Name,
                ["type"] = column.Type,
                ["jsonPath"] = column.Path,
            })]);
        }

        return version;
    }

    private static JsonObject Deprecated(JsonObject version)
    {
        version["deprecated"] = true;
        return version;
    }

    private static JsonArray Strings(string[] values) => new([.. values.Select(value => (JsonNode)value)]);
}
