using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Registry;
using Hikigane.Resources.Json;

namespace Hikigane.ApiServer.OpenApi;

/// <summary>
/// OpenAPI v3, one document per group version. kubectl looks in it for a PATCH operation with a <c>fieldValidation</c> parameter (then the server
/// validates), and <c>kubectl explain</c> reads the schemas. <c>/openapi/v2</c> is answered with no bytes at all: a valid, empty document.
/// </summary>
public static class OpenApiDocuments
{
    private static readonly string[] WriteParameters = ["dryRun", "fieldManager", "fieldValidation"];

    /// <summary><c>/openapi/v3</c>: where the document of each group version is.</summary>
    public static JsonObject Root(ResourceSnapshot snapshot)
    {
        var paths = new JsonObject();
        foreach (var (group, version) in snapshot.All.Select(resource => (resource.Type.Group, resource.Type.Version)).Distinct())
        {
            var path = group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";
            paths[path] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{path}?hash={Hash(Document(snapshot, group, version)!)}" };
        }

        return new JsonObject { ["paths"] = paths };
    }

    /// <summary>The document of a group version, or null when it is not served.</summary>
    public static JsonObject? Document(ResourceSnapshot snapshot, string group, string version)
    {
        var resources = snapshot.In(group, version).ToList();
        if (resources.Count == 0)
        {
            return null;
        }

        var (paths, schemas) = (new JsonObject(), new JsonObject());
        foreach (var resource in resources)
        {
            AddPaths(paths, resource);
            AddSchema(schemas, resource);
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = Discovery.ServerVersion.GitVersion },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    /// <summary>The hash that stands in a document's address, and changes with its content.</summary>
    public static string Hash(JsonObject document) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(document.ToJsonString())));

    private static void AddPaths(JsonObject paths, ServedResource resource)
    {
        var collection = resource.Type.Path(resource.Type.IsNamespaced ? "{namespace}" : null);
        paths[collection] = new JsonObject { ["post"] = Operation(resource, "post"), ["get"] = Operation(resource, "list") };
        if (resource.IsStored)
        {
            paths[$"{collection}/{{name}}"] = new JsonObject
            {
                ["get"] = Operation(resource, "get"),
                ["put"] = Operation(resource, "put"),
                ["patch"] = Operation(resource, "patch"),
                ["delete"] = Operation(resource, "delete"),
            };
        }
    }

    private static JsonObject Operation(ServedResource resource, string action)
    {
        var operation = new JsonObject
        {
            ["x-kubernetes-action"] = action,
            ["x-kubernetes-group-version-kind"] = GroupVersionKind(resource),
            ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
        };
        if (action is "post" or "put" or "patch")
        {
            operation["parameters"] = new JsonArray([.. WriteParameters.Select(name => (JsonNode)new JsonObject
            {
                ["name"] = name,
                ["in"] = "query",
                ["schema"] = new JsonObject { ["type"] = "string" },
            })]);
        }

        return operation;
    }

    private static void AddSchema(JsonObject schemas, ServedResource resource)
    {
        JsonObject schema;
        if (BuiltinTypes.OfKind(resource.Type.ApiVersion, resource.Type.Kind) is { } builtin)
        {
            BuiltinSchemas.Add(schemas, builtin);
            schema = schemas.Object(BuiltinSchemas.NameOf(builtin.Name))!;
            schema["properties"] = WithTypeMeta(schema.Object("properties"));
        }
        else
        {
            BuiltinSchemas.Add(schemas, BuiltinTypes.All["meta.ObjectMeta"]);
            schema = resource.Schema?.Copy() ?? new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
            schema["properties"] = WithTypeMeta(schema.Object("properties"));
            schema.Ensure("properties")["metadata"] = BuiltinSchemas.Reference("meta.ObjectMeta");
            schemas[$"{string.Join('.', resource.Type.Group.Split('.').Reverse())}.{resource.Type.Version}.{resource.Type.Kind}"] = schema;
        }

        schema["x-kubernetes-group-version-kind"] = new JsonArray(GroupVersionKind(resource));
    }

    private static JsonObject WithTypeMeta(JsonObject? properties)
    {
        var all = new JsonObject
        {
            ["apiVersion"] = new JsonObject { ["type"] = "string", ["description"] = "Group and version of this object's schema." },
            ["kind"] = new JsonObject { ["type"] = "string", ["description"] = "Kind of this object." },
        };
        foreach (var (name, property) in properties ?? [])
        {
            all[name] = property?.DeepClone();
        }

        return all;
    }

    private static JsonObject GroupVersionKind(ServedResource resource) => new()
    {
        ["group"] = resource.Type.Group,
        ["kind"] = resource.Type.Kind,
        ["version"] = resource.Type.Version,
    };
}
