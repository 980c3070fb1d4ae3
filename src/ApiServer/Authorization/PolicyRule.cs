using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Authorization;

/// <summary>One rule of a Role or ClusterRole. As kubernetes pkg/apis/rbac/v1/evaluation_helpers.go.</summary>
internal sealed record PolicyRule(
    IReadOnlyList<string> Verbs, IReadOnlyList<string> Groups, IReadOnlyList<string> Resources, IReadOnlyList<string> Names, IReadOnlyList<string> Paths)
{
    public static IEnumerable<PolicyRule> Of(JsonObject role) => role.Objects("rules").Select(rule => new PolicyRule(
        Strings(rule, "verbs"), Strings(rule, "apiGroups"), Strings(rule, "resources"), Strings(rule, "resourceNames"), Strings(rule, "nonResourceURLs")));

    public bool Allows(AccessAttributes asked) => asked.Path is { } path
        ? Has(Verbs, asked.Verb) && Paths.Any(pattern => MatchesPath(pattern, path))
        : Has(Verbs, asked.Verb) && Has(Groups, asked.Group) && Resources.Any(resource => MatchesResource(resource, asked))
            && (Names.Count == 0 || Names.Contains(asked.Name));

    /// <summary>The parts of this rule one by one: what somebody must hold who grants it.</summary>
    public IEnumerable<AccessAttributes> Parts(string ns)
    {
        foreach (var verb in Verbs)
        {
            foreach (var path in Paths)
            {
                yield return new AccessAttributes(verb, Path: path);
            }

            foreach (var (group, resource) in Groups.SelectMany(group => Resources.Select(resource => (group, resource))))
            {
                var parts = resource.Split('/', 2);
                foreach (var name in Names.Count == 0 ? [""] : Names)
                {
                    yield return new AccessAttributes(verb, group, parts[0], parts.Length > 1 ? parts[1] : "", ns, name);
                }
            }
        }
    }

    /// <summary>As the API prints rules in refusals: <c>{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}</c>.</summary>
    public override string ToString()
    {
        IEnumerable<(string Name, IReadOnlyList<string> Values)> parts =
            [("APIGroups", Groups), ("Resources", Resources), ("ResourceNames", Names), ("NonResourceURLs", Paths), ("Verbs", Verbs)];
        return $"{{{string.Join(", ", parts.Where(part => part.Values.Count > 0)
            .Select(part => $"{part.Name}:[{string.Join(' ', part.Values.Select(value => $"\"{value}\""))}]"))}}}";
    }

    public JsonObject ToReviewRule()
    {
        if (Paths.Count > 0)
        {
            return new JsonObject { ["verbs"] = List(Verbs), ["nonResourceURLs"] = List(Paths) };
        }

        var rule = new JsonObject { ["verbs"] = List(Verbs), ["apiGroups"] = List(Groups), ["resources"] = List(Resources) };
        if (Names.Count > 0)
        {
            rule["resourceNames"] = List(Names);
        }

        return rule;
    }

    private static bool Has(IReadOnlyList<string> values, string wanted) => values.Contains("*") || values.Contains(wanted);

    private static bool MatchesResource(string resource, AccessAttributes asked) =>
        resource == "*" || resource == asked.FullResource || (asked.Subresource.Length > 0 && resource == $"*/{asked.Subresource}");

    private static bool MatchesPath(string pattern, string path) =>
        pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern[..^1], StringComparison.Ordinal));

    private static List<string> Strings(JsonObject rule, string field) => [.. rule.Items(field).Select(item => item.Text()).OfType<string>()];

    private static JsonArray List(IEnumerable<string> values) => new([.. values.Select(value => (JsonNode)value)]);
}
