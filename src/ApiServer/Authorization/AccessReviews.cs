using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.Authorization;

/// <summary>
/// The reviews of authorization.k8s.io: questions that come as objects and are answered with the same object and a <c>status</c>.
/// <c>kubectl auth can-i</c> asks them.
/// </summary>
public sealed class AccessReviews(RbacAuthorizer authorizer)
{
    /// <summary>Answers any of the four review kinds.</summary>
    public JsonObject Answer(JsonObject review, Subject caller)
    {
        var answer = review.Copy();
        answer["status"] = review.Text("kind") switch
        {
            "SelfSubjectRulesReview" => Rules(caller, review.Text("spec", "namespace") ?? ""),
            "SelfSubjectAccessReview" => Decide(caller, review),
            _ => Decide(Asked(review), review),
        };
        return answer;
    }

    private static Subject Asked(JsonObject review) => new(
        review.Text("spec", "user") ?? "", [.. review.Items("spec", "groups").Select(group => group.Text()).OfType<string>()]);

    private JsonObject Decide(Subject subject, JsonObject review)
    {
        var access = authorizer.Decide(subject, Attributes(review));
        var status = new JsonObject { ["allowed"] = access.IsAllowed };
        if (access.Reason.Length > 0)
        {
            status["reason"] = access.Reason;
        }

        return status;
    }

    private static AccessAttributes Attributes(JsonObject review)
    {
        if (review.Object("spec", "nonResourceAttributes") is { } path)
        {
            return new AccessAttributes(path.Text("verb") ?? "", Path: path.Text("path") ?? "");
        }

        var resource = review.Object("spec", "resourceAttributes");
        return new AccessAttributes(
            resource.Text("verb") ?? "", resource.Text("group") ?? "", resource.Text("resource") ?? "", resource.Text("subresource") ?? "",
            resource.Text("namespace") ?? "", resource.Text("name") ?? "");
    }

    private JsonObject Rules(Subject subject, string ns)
    {
        var rules = authorizer.RulesFor(subject, ns).Select(found => found.Rule).ToList();
        if (subject.Groups.Contains(Subject.Masters))
        {
            rules.Insert(0, new PolicyRule(["*"], ["*"], ["*"], [], []));
            rules.Insert(1, new PolicyRule(["*"], [], [], [], ["*"]));
        }

        return new JsonObject
        {
            ["resourceRules"] = new JsonArray([.. rules.Where(rule => rule.Paths.Count == 0).Select(rule => (JsonNode)rule.ToReviewRule())]),
            ["nonResourceRules"] = new JsonArray([.. rules.Where(rule => rule.Paths.Count > 0).Select(rule => (JsonNode)rule.ToReviewRule())]),
            ["incomplete"] = false,
        };
    }
}
