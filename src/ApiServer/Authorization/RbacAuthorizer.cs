using System.Text.Json.Nodes;

namespace Hikigane.ApiServer.Authorization;

/// <summary>
/// Role-based access control: allowed if any binding gives the subject a role with a matching rule; there is no denial. As kubernetes
/// plugin/pkg/auth/authorizer/rbac. Looks at the present roles and bindings at each question, so a change counts at once. Any thread may ask.
/// </summary>
public sealed class RbacAuthorizer(Func<RbacObjects> current)
{
    private RbacIndex? known;

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
        [.. Index().RulesOf(role).Where(rule => !rule.Parts(ns).All(part => Decide(subject, part).IsAllowed)).Select(rule => rule.ToString())];

    /// <summary>The role that a binding refers to, or null when it is missing.</summary>
    public JsonObject? RoleOf(JsonObject binding) => Index().RoleOf(binding);

    internal IEnumerable<(PolicyRule Rule, string Reason)> RulesFor(Subject subject, string ns) => Index().RulesFor(subject, ns);

    /// <summary>The index of the present roles and bindings: made anew when one of them has changed.</summary>
    private RbacIndex Index()
    {
        var objects = current();
        var index = Volatile.Read(ref known);
        if (index is null || index.Objects != objects)
        {
            index = new RbacIndex(objects);
            Volatile.Write(ref known, index);
        }

        return index;
    }
}
