using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Resources.Triggers;

/// <summary>Defaults of the Triggers kinds, put into an object in canonical spelling. As tektoncd/triggers pkg/apis/triggers/*/…_defaults.go.</summary>
internal static class TriggersDefaults
{
    /// <param name="serviceAccount"><c>default-service-account</c> of the ConfigMap <c>config-defaults-triggers</c>; empty: none.</param>
    public static void Apply(JsonObject manifest, string kind, string version, string serviceAccount)
    {
        switch (kind)
        {
            case "EventListener":
                Listener((JsonObject)manifest["spec"]!, version, serviceAccount);
                break;
            case "Trigger":
                Trigger((JsonObject)manifest["spec"]!, version);
                break;
            case "ClusterInterceptor" or "Interceptor":
                // Upstream puts a new map in place of all labels.
                if (manifest.Label("server/type") is null)
                {
                    manifest.Ensure("metadata")["labels"] = new JsonObject { ["server/type"] = "http" };
                }

                break;
        }
    }

    private static void Listener(JsonObject spec, string version, string serviceAccount)
    {
        if (spec["serviceAccountName"] is null && serviceAccount.Length > 0)
        {
            spec["serviceAccountName"] = serviceAccount;
        }

        if (spec.Object("resources", "kubernetesResource") is { } resource && resource.Integer("replicas") == 0)
        {
            resource["replicas"] = 1;
        }

        foreach (var trigger in spec.Objects("triggers"))
        {
            Trigger(trigger, version);
        }

        foreach (var interceptor in spec.Objects("triggerGroups").SelectMany(group => group.Objects("interceptors")))
        {
            Interceptor(interceptor, version);
        }
    }

    private static void Trigger(JsonObject trigger, string version)
    {
        foreach (var binding in trigger.Objects("bindings"))
        {
            binding["kind"] ??= "TriggerBinding";
        }

        foreach (var interceptor in trigger.Objects("interceptors"))
        {
            Interceptor(interceptor, version);
        }
    }

    private static void Interceptor(JsonObject interceptor, string version)
    {
        if (version == "v1alpha1")
        {
            Modernize(interceptor);
        }

        interceptor.Ensure("ref")["kind"] ??= "ClusterInterceptor";
    }

    /// <summary>A deprecated form becomes a reference to the ClusterInterceptor of that name, unless there is one already.</summary>
    private static void Modernize(JsonObject interceptor)
    {
        if (interceptor.Text("ref", "name") is { Length: > 0 })
        {
            return;
        }

        foreach (var name in (ReadOnlySpan<string>)["github", "gitlab", "bitbucket", "cel"])
        {
            if (interceptor.Object(name) is not { } deprecated)
            {
                continue;
            }

            string[] members = name == "cel" ? ["filter", "overlays"] : ["secretRef", "eventTypes"];
            interceptor.Ensure("ref")["name"] = name;
            interceptor["params"] = new JsonArray([.. members.Select(JsonNode (member) => new JsonObject
            {
                ["name"] = member,
                ["value"] = deprecated[member]?.DeepClone() ?? (member == "filter" ? "" : null),
            })]);
            interceptor.Remove(name);
            return;
        }
    }
}
