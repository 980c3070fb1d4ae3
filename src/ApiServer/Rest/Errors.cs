using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources;

namespace Hikigane.ApiServer.Rest;

/// <summary>The refusals of the API, worded as apimachinery's pkg/api/errors does.</summary>
public static class Errors
{
    public static KubeException NotFound(ResourceType type, string name) =>
        new(404, "NotFound", $"{type.GroupResource} \"{name}\" not found", Details(type, name));

    public static KubeException AlreadyExists(ResourceType type, string name, bool isBeingDeleted = false) =>
        new(409, "AlreadyExists", $"{(isBeingDeleted ? "object is being deleted: " : "")}{type.GroupResource} \"{name}\" already exists", Details(type, name));

    public static KubeException Conflict(ResourceType type, string name, string? why = null) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {type.GroupResource} \"{name}\": "
            + (why ?? "the object has been modified; please apply your changes to the latest version and try again"), Details(type, name));

    public static KubeException BadRequest(string message) => new(400, "BadRequest", message);

    public static KubeException MethodNotAllowed() =>
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);

    public static KubeException NoSuchResource() => new(404, "NotFound", "the server could not find the requested resource", []);

    public static KubeException Internal(string message) => new(500, "InternalError", $"Internal error occurred: {message}", new JsonObject
    {
        ["causes"] = new JsonArray(new JsonObject { ["message"] = message }),
    });

    public static KubeException Forbidden(ResourceType type, string name, string message, JsonArray? causes = null)
    {
        var details = Details(type, name);
        if (causes is not null)
        {
            details["causes"] = causes;
        }

        return new KubeException(403, "Forbidden", $"{type.GroupResource} \"{name}\" is forbidden: {message}", details);
    }

    public static KubeException Invalid(ResourceType type, string name, params IReadOnlyList<FieldProblem> problems)
    {
        var subject = type.Group.Length == 0 ? type.Kind : $"{type.Kind}.{type.Group}";
        var texts = problems.Select(problem => $"{problem.Field}: {problem.Message}").Distinct().ToList();
        var details = new JsonObject { ["name"] = name };
        if (type.Group.Length > 0)
        {
            details["group"] = type.Group;
        }

        details["kind"] = type.Kind;
        details["causes"] = new JsonArray([.. problems.Select(problem => new JsonObject
        {
            ["reason"] = problem.Reason,
            ["message"] = problem.Message,
            ["field"] = problem.Field,
        })]);
        var list = texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        return new KubeException(422, "Invalid", $"{subject} \"{name}\" is invalid: {list}", details);
    }

    public static KubeException InvalidOptions(string kind, string problem) =>
        new(422, "Invalid", $"{kind}.meta.k8s.io \"\" is invalid: {problem}", new JsonObject { ["group"] = "meta.k8s.io", ["kind"] = kind });

    public static KubeException Forbidden(AccessRequest request, string why)
    {
        if (request.Target is not { } target)
        {
            return new KubeException(403, "Forbidden", $"forbidden: User \"{request.Caller.Name}\" cannot {request.Verb} path \"{request.Path}\"", []);
        }

        var resource = target.Subresource is null ? target.Type.Plural : $"{target.Type.Plural}/{target.Subresource}";
        var scope = target.Type.IsNamespaced && target.Namespace.Length > 0 ? $"in the namespace \"{target.Namespace}\"" : "at the cluster scope";
        var name = target.Name.Length > 0 ? $" \"{target.Name}\"" : "";
        var message = $"{target.Type.GroupResource}{name} is forbidden: User \"{request.Caller.Name}\" cannot {request.Verb} "
            + $"resource \"{resource}\" in API group \"{target.Type.Group}\" {scope}{(why.Length > 0 ? ": " + why : "")}";
        return new KubeException(403, "Forbidden", message, Details(target.Type, target.Name));
    }

    private static JsonObject Details(ResourceType type, string name)
    {
        var details = new JsonObject();
        if (name.Length > 0)
        {
            details["name"] = name;
        }

        if (type.Group.Length > 0)
        {
            details["group"] = type.Group;
        }

        details["kind"] = type.Plural;
        return details;
    }
}
