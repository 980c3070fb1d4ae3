using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikigane.Resources.Json;

namespace Hikigane.Resources.Triggers;

/// <summary>Validation of an EventListener. As tektoncd/triggers pkg/apis/triggers/*/event_listener_validation.go.</summary>
internal sealed partial class ListenerValidation(TriggersValidation triggers, FieldErrors errors, string version)
{
    private bool IsAlpha => version == "v1alpha1";

    public void Validate(JsonObject manifest)
    {
        if (manifest.Name().Length > 60)
        {
            errors.Invalid($"eventListener name '{manifest.Name()}' must be no more than 60 characters long", "metadata.name");
        }

        if (manifest.Annotation("tekton.dev/payload-validation") is { } validation && validation is not ("true" or "false"))
        {
            errors.Invalid("tekton.dev/payload-validation annotation must have value 'true' or 'false'", "metadata.annotations");
        }

        Edge(manifest);
        var spec = manifest.Object("spec") ?? [];
        if (spec.Object("resources", "kubernetesResource") is not null && spec.At("resources", "customResource") is not null)
        {
            errors.Both("spec.resources.customResource", "spec.resources.kubernetesResource");
            return;
        }

        Selection(spec);
        foreach (var (trigger, index) in spec.Objects("triggers").Select((trigger, index) => (trigger, index)))
        {
            Trigger(trigger, $"spec.triggers[{index}]");
        }

        foreach (var (group, index) in spec.Objects("triggerGroups").Select((group, index) => (group, index)))
        {
            Group(group, $"spec.triggerGroups[{index}]");
        }

        if (spec.Object("resources", "kubernetesResource") is { } kubernetes)
        {
            Kubernetes(kubernetes, "spec.resources.kubernetesResource");
        }
        else if (spec.At("resources", "customResource") is { } custom)
        {
            Custom(custom, "spec.resources.customResource.spec");
        }
    }

    /// <summary>Ours: what upstream knows nothing of stands in annotations, and is refused where it means nothing.</summary>
    private void Edge(JsonObject manifest)
    {
        var (edge, wrong) = ListenerEdge.Read(manifest.Object("metadata", "annotations"));
        foreach (var error in wrong)
        {
            errors.Invalid(error, "metadata.annotations");
        }

        var env = manifest.Object("spec", "resources", "kubernetesResource", "spec", "template", "spec").Objects("containers").FirstOrDefault().Objects("env");
        if (edge.ClientAuthority is not null && !env.Any(one => one.Text("name") == "TLS_CERT"))
        {
            errors.Invalid($"{ListenerEdge.Prefix}client-ca-secret needs a listener that serves TLS: set the envs TLS_CERT and TLS_KEY", "metadata.annotations");
        }
    }

    private void Selection(JsonObject spec)
    {
        if (spec["labelSelector"] is not null || spec.Items("namespaceSelector", "matchNames").Any()
            || spec.Items("triggerGroups").Any() || spec.Items("triggers").Any())
        {
            return;
        }

        errors.Neither("spec.labelSelector", "spec.namespaceSelector", "spec.triggers");
        if (!IsAlpha)
        {
            errors.Neither("spec.triggerGroups");
        }
    }

    private void Trigger(JsonObject trigger, string path)
    {
        var template = trigger.Object("template");
        var hasReference = trigger.Text("triggerRef") is { Length: > 0 };
        if (template is null && !hasReference)
        {
            errors.Neither(path + ".template", path + ".triggerRef");
        }

        if (hasReference && (template is not null || trigger["bindings"] is not null || trigger["interceptors"] is not null))
        {
            errors.Both(path + ".template or bindings or interceptors", path + ".triggerRef");
        }

        triggers.Bindings(trigger, path);
        if (template is not null)
        {
            triggers.TriggerSpecTemplate(template, path);
        }

        triggers.Interceptors(trigger, path);
        if (trigger.Text("name") is { Length: > 0 } name && !LabelValue().IsMatch(name))
        {
            errors.Invalid($"trigger name '{name}' must be a valid label value", path + ".name");
        }
    }

    private void Group(JsonObject group, string path)
    {
        if (group.At("triggerSelector", "labelSelector") is null && !group.Items("triggerSelector", "namespaceSelector", "matchNames").Any())
        {
            errors.Neither(path + ".triggerSelector.labelSelector", path + ".triggerSelector.namespaceSelector");
        }

        if (!group.Items("interceptors").Any())
        {
            errors.Missing(path + ".interceptors");
        }
    }

    private void Kubernetes(JsonObject resource, string path)
    {
        if (resource.Integer("replicas") is { } replicas && replicas < 0)
        {
            errors.Invalid(replicas.ToString(System.Globalization.CultureInfo.InvariantCulture), path + ".spec.replicas");
        }

        if (resource.Text("serviceLoadBalancerClass") is { } loadBalancer && resource.Text("serviceType") != "LoadBalancer")
        {
            errors.Invalid(loadBalancer, path + ".serviceLoadBalancerClass", "ServiceLoadBalancerClass is only needed for LoadBalancer service type");
        }

        string[] container = IsAlpha
            ? ["resources", "env", "livenessProbe", "readinessProbe", "startupProbe"]
            : ["resources", "env", "livenessProbe", "readinessProbe", "startupProbe", "securityContext"];
        Pod(resource.Object("spec", "template", "spec") ?? [], path + ".spec.template.spec", container);
    }

    private void Custom(JsonNode custom, string path)
    {
        var decoder = new GoDecoder(IsAlpha ? TriggersShapes.V1Alpha1 : TriggersShapes.V1Beta1, version, isStrict: false);
        var pod = decoder.Decode(custom, "v1~WithPod", keepsEmpty: false);
        if (decoder.Error is { } error)
        {
            errors.Invalid(error, path);
            return;
        }

        string[] container = IsAlpha ? ["resources", "env"] : ["resources", "env", "securityContext"];
        Pod(pod.Object("spec", "template", "spec") ?? [], path + ".template.spec", container);
    }

    private void Pod(JsonObject spec, string path, string[] containerFields)
    {
        string[] allowed = IsAlpha
            ? ["serviceAccountName", "containers", "tolerations", "nodeSelector"]
            : ["serviceAccountName", "containers", "tolerations", "nodeSelector", "affinity", "topologySpreadConstraints", "imagePullSecrets", "securityContext"];
        Only(spec, path, allowed);
        var containers = spec.Objects("containers").ToList();
        if (containers.Count > 1)
        {
            errors.Both(path + ".containers");
        }

        if (containers.Count != 1)
        {
            return;
        }

        Only(containers[0], path + ".containers[0]", containerFields);
        Environment(containers[0], path + ".containers[0]");
    }

    private void Environment(JsonObject container, string path)
    {
        var tls = container.Objects("env").Select(env => env.Text("name")).Where(name => name is "TLS_CERT" or "TLS_KEY").ToList();
        if (tls.Count == 1)
        {
            errors.Add($"Expected env's are TLS_CERT and TLS_KEY, but got only one env {tls[0]}", "", "");
        }

        foreach (var (env, index) in container.Objects("env").Select((env, index) => (env, index)))
        {
            if (env.Text("value") is { Length: > 0 })
            {
                errors.Disallowed($"{path}.env[{index}].value");
            }

            foreach (var (source, _) in env.Object("valueFrom") ?? [])
            {
                if (source != "secretKeyRef")
                {
                    errors.Disallowed($"{path}.env[{index}].valueFrom.{source}");
                }
            }
        }
    }

    /// <summary>Refuses every field that has a value and is not listed.</summary>
    private void Only(JsonObject subject, string path, string[] allowed)
    {
        foreach (var (field, value) in subject)
        {
            var isSet = value is not null && !(value.GetValueKind() == JsonValueKind.String && value.GetValue<string>().Length == 0);
            if (isSet && !allowed.Contains(field))
            {
                errors.Disallowed($"{path}.{field}");
            }
        }
    }

    [GeneratedRegex(@"^(?=.{1,63}\z)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\z")]
    private static partial Regex LabelValue();
}
