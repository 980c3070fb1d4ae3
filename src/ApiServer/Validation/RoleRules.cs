using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Validation;

/// <summary>What is wrong with a role or a binding. As kubernetes pkg/apis/rbac/validation.</summary>
internal static class RoleRules
{
    private const string Group = "rbac.authorization.k8s.io";

    public static void Role(Problems problems, JsonObject manifest, bool isNamespaced)
    {
        foreach (var (index, rule) in manifest.Items("rules").Index())
        {
            var path = $"rules[{index}]";
            if (!rule.Items("verbs").Any())
            {
                problems.Required(path + ".verbs", "verbs must contain at least one value");
            }

            if (rule.Items("nonResourceURLs").Any())
            {
                if (isNamespaced)
                {
                    problems.Invalid(path + ".nonResourceURLs", rule.At("nonResourceURLs"), "namespaced rules cannot apply to non-resource URLs");
                }

                if (rule.Items("apiGroups").Any() || rule.Items("resources").Any() || rule.Items("resourceNames").Any())
                {
                    problems.Invalid(path + ".nonResourceURLs", rule.At("nonResourceURLs"), "rules cannot apply to both regular resources and non-resource URLs");
                }

                continue;
            }

            if (!rule.Items("apiGroups").Any())
            {
                problems.Required(path + ".apiGroups", "resource rules must supply at least one api group");
            }

            if (!rule.Items("resources").Any())
            {
                problems.Required(path + ".resources", "resource rules must supply at least one resource");
            }
        }
    }

    public static void Binding(Problems problems, JsonObject manifest, JsonObject? old, bool isNamespaced)
    {
        problems.OneOf("roleRef.apiGroup", manifest.Text("roleRef", "apiGroup") ?? "", Group);
        if (isNamespaced)
        {
            problems.OneOf("roleRef.kind", manifest.Text("roleRef", "kind") ?? "", "ClusterRole", "Role");
        }
        else
        {
            problems.OneOf("roleRef.kind", manifest.Text("roleRef", "kind") ?? "", "ClusterRole");
        }

        problems.Name("roleRef.name", manifest.Text("roleRef", "name"));
        foreach (var (index, subject) in manifest.Items("subjects").Index())
        {
            Subject(problems, subject, $"subjects[{index}]", isNamespaced);
        }

        if (old is not null && !JsonNode.DeepEquals(manifest["roleRef"], old["roleRef"]))
        {
            problems.Invalid("roleRef", Reference(manifest), "cannot change roleRef");
        }
    }

    private static void Subject(Problems problems, JsonNode? subject, string path, bool isNamespaced)
    {
        problems.Name(path + ".name", subject.Text("name"));
        problems.OneOf(path + ".kind", subject.Text("kind") ?? "", "Group", "ServiceAccount", "User");
        if (subject.Text("kind") == "ServiceAccount")
        {
            // Without a namespace, a RoleBinding means the account of its own.
            if (!isNamespaced)
            {
                problems.Name(path + ".namespace", subject.Text("namespace"));
            }

            problems.OneOf(path + ".apiGroup", subject.Text("apiGroup") ?? "", "");
        }
        else
        {
            problems.OneOf(path + ".apiGroup", subject.Text("apiGroup") ?? Group, Group);
        }
    }

    /// <summary>The message shows the internal type, whose fields have their Go names.</summary>
    private static JsonObject Reference(JsonObject manifest) => new()
    {
        ["APIGroup"] = manifest.Text("roleRef", "apiGroup"),
        ["Kind"] = manifest.Text("roleRef", "kind"),
        ["Name"] = manifest.Text("roleRef", "name"),
    };
}
