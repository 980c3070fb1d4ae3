using System.Text.Json.Nodes;
using Hikigane.ApiServer.Admission;
using Hikigane.Resources;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Authorization;

/// <summary>
/// Roles and bindings of one moment, found by subject: who asks costs what is bound to him, not what there is. Rules are read when they are
/// first asked for. Immutable but for that; any thread may ask.
/// </summary>
internal sealed class RbacIndex
{
    private readonly RbacObjects objects;
    private readonly Dictionary<string, List<Grant>> bySubject = [];

    public RbacIndex(RbacObjects objects)
    {
        this.objects = objects;
        foreach (var binding in objects.ClusterRoleBindings.Values.Concat(objects.RoleBindings.Values).Select(stored => stored.Object))
        {
            Add(binding);
        }
    }

    /// <summary>What these roles and bindings say, to compare with the present ones.</summary>
    public RbacObjects Objects => objects;

    /// <summary>The rules that bindings of the cluster, and then of a namespace, give to a subject.</summary>
    public IEnumerable<(PolicyRule Rule, string Reason)> RulesFor(Subject subject, string ns)
    {
        var grants = subject.Groups.Select(group => $"Group {group}").Prepend($"User {subject.Name}")
            .SelectMany(key => bySubject.GetValueOrDefault(key) ?? []).Where(grant => grant.Namespace.Length == 0 || grant.Namespace == ns);
        foreach (var grant in grants.OrderBy(grant => grant.Namespace.Length > 0))
        {
            foreach (var rule in grant.Rules.Value)
            {
                yield return (rule, grant.Reason);
            }
        }
    }

    /// <summary>The role that a binding refers to, or null when it is missing.</summary>
    public JsonObject? RoleOf(JsonObject binding)
    {
        var name = binding.Text("roleRef", "name") ?? "";
        return binding.Text("roleRef", "kind") == "ClusterRole"
            ? objects.ClusterRoles.GetValueOrDefault(new ObjectKey("", name))?.Object
            : objects.Roles.GetValueOrDefault(new ObjectKey(binding.Namespace(), name))?.Object;
    }

    /// <summary>An aggregated ClusterRole has the rules of all that its selectors match; roles that select each other end the walk.</summary>
    public IReadOnlyList<PolicyRule> RulesOf(JsonObject role)
    {
        var rules = new List<PolicyRule>();
        Collect(role, rules, []);
        return rules;
    }

    private void Collect(JsonObject role, List<PolicyRule> rules, HashSet<string> seen)
    {
        if (!seen.Add(role.Name()))
        {
            return;
        }

        rules.AddRange(PolicyRule.Of(role));
        var selectors = role.Objects("aggregationRule", "clusterRoleSelectors").ToList();
        if (selectors.Count == 0)
        {
            return;
        }

        foreach (var other in objects.ClusterRoles.Values.Select(stored => stored.Object))
        {
            if (selectors.Exists(selector => ObjectSelector.Selects(selector, other.Object("metadata", "labels"))))
            {
                Collect(other, rules, seen);
            }
        }
    }

    private void Add(JsonObject binding)
    {
        var rules = new Lazy<IReadOnlyList<PolicyRule>>(() => RoleOf(binding) is { } role ? RulesOf(role) : []);
        foreach (var subject in binding.Objects("subjects"))
        {
            var name = subject.Text("name");
            var key = subject.Text("kind") switch
            {
                "User" or "Group" => $"{subject.Text("kind")} {name}",
                "ServiceAccount" => $"User {Subject.ServiceAccountPrefix}{subject.Text("namespace") ?? binding.Namespace()}:{name}",
                _ => "",
            };
            if (!bySubject.TryGetValue(key, out var grants))
            {
                bySubject[key] = grants = [];
            }

            grants.Add(new Grant(binding.Namespace(), Reason(binding, subject), rules));
        }
    }

    private static string Reason(JsonObject binding, JsonObject matched)
    {
        var kind = binding.Namespace().Length > 0 ? "RoleBinding" : "ClusterRoleBinding";
        var name = binding.Namespace().Length > 0 ? $"{binding.Name()}/{binding.Namespace()}" : binding.Name();
        var who = matched.Text("kind") == "ServiceAccount" ? $"{matched.Text("name")}/{matched.Text("namespace")}" : matched.Text("name");
        return $"RBAC: allowed by {kind} \"{name}\" of {binding.Text("roleRef", "kind")} \"{binding.Text("roleRef", "name")}\" to {matched.Text("kind")} \"{who}\"";
    }

    private sealed record Grant(string Namespace, string Reason, Lazy<IReadOnlyList<PolicyRule>> Rules);
}
