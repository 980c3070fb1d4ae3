using System.Text.Json.Nodes;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Authorization;

/// <summary>The current objects of a type: of one namespace, or of all when it is null.</summary>
public delegate IEnumerable<JsonObject> ObjectsOf(ResourceType type, string? ns);

/// <summary>
/// Role-based access control: allowed if any binding gives the subject a role with a matching rule; there is no denial. As kubernetes
/// plugin/pkg/auth/authorizer/rbac. Reads roles and bindings at each question, so a change counts at once. Any thread may ask.
/// </summary>
public sealed class RbacAuthorizer(ObjectsOf objects)
{
    public Access Decide(Subject subject, AccessAttributes asked)
    {
        if (subject.Groups.Contains(Subject.Masters))
        {
            return new Access(true);
        }

        foreach (var (rule, reason) in RulesFor(subject, asked.Path is null ? asked.Namespace : ""))
        {
            if (rule.Allows(asked))
            {
                return new Access(true, reason);
            }
        }

        return new Access(false);
    }

    /// <summary>
    /// The rules of a role that the subject may not grant: those with a part that the subject does not hold. Empty for holders of <c>escalate</c>
    /// (roles) or <c>bind</c> (bindings), which the caller checks first.
    /// </summary>
    public IReadOnlyList<string> MissingFor(Subject subject, JsonObject role, string ns) =>
        [.. Rules(role, []).Where(rule => !rule.Parts(ns).All(part => Decide(subject, part).IsAllowed)).Select(rule => rule.ToString())];

    /// <summary>The role that a binding refers to, or null when it is missing.</summary>
    public JsonObject? RoleOf(JsonObject binding) => binding.Text("roleRef", "kind") == "ClusterRole"
        ? Named(Kinds.ClusterRole, null, binding.Text("roleRef", "name"))
        : Named(Kinds.Role, binding.Namespace(), binding.Text("roleRef", "name"));

    internal IEnumerable<(PolicyRule Rule, string Reason)> RulesFor(Subject subject, string ns)
    {
        var bindings = objects(Kinds.ClusterRoleBinding, null);
        if (ns.Length > 0)
        {
            bindings = bindings.Concat(objects(Kinds.RoleBinding, ns));
        }

        foreach (var binding in bindings)
        {
            var matched = binding.Objects("subjects").FirstOrDefault(candidate => Matches(candidate, subject, binding.Namespace()));
            if (matched is null || RoleOf(binding) is not { } role)
            {
                continue;
            }

            var reason = Reason(binding, matched);
            foreach (var rule in Rules(role, []))
            {
                yield return (rule, reason);
            }
        }
    }

    /// <summary>An aggregated ClusterRole has the rules of all that its selectors match; roles that select each other end the walk.</summary>
    private IEnumerable<PolicyRule> Rules(JsonObject role, HashSet<string> seen)
    {
        if (!seen.Add(role.Name()))
        {
            return [];
        }

        var selectors = role.Objects("aggregationRule", "clusterRoleSelectors").ToList();
        return PolicyRule.Of(role).Concat(selectors.Count == 0 ? [] : objects(Kinds.ClusterRole, null)
            .Where(other => selectors.Any(selector => Selects(selector, other))).SelectMany(other => Rules(other, seen)));
    }

    private static bool Selects(JsonObject selector, JsonObject role) =>
        (selector.Object("matchLabels") ?? []).All(label => role.Label(label.Key) == label.Value.Text());

    private JsonObject? Named(ResourceType type, string? ns, string? name) => objects(type, ns).FirstOrDefault(role => role.Name() == name);

    private static bool Matches(JsonObject candidate, Subject subject, string bindingNamespace) => candidate.Text("kind") switch
    {
        "User" => candidate.Text("name") == subject.Name,
        "Group" => subject.Groups.Contains(candidate.Text("name") ?? ""),
        "ServiceAccount" => subject.Name == $"{Subject.ServiceAccountPrefix}{candidate.Text("namespace") ?? bindingNamespace}:{candidate.Text("name")}",
        _ => false,
    };

    private static string Reason(JsonObject binding, JsonObject matched)
    {
        var kind = binding.Namespace().Length > 0 ? "RoleBinding" : "ClusterRoleBinding";
        var name = binding.Namespace().Length > 0 ? $"{binding.Name()}/{binding.Namespace()}" : binding.Name();
        var who = matched.Text("kind") == "ServiceAccount" ? $"{matched.Text("name")}/{matched.Text("namespace")}" : matched.Text("name");
        return $"RBAC: allowed by {kind} \"{name}\" of {binding.Text("roleRef", "kind")} \"{binding.Text("roleRef", "name")}\" to {matched.Text("kind")} \"{who}\"";
    }
}
