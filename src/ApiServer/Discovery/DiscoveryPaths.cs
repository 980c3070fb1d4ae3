using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Authentication;
using Hikigane.ApiServer.OpenApi;
using Hikigane.ApiServer.Registry;
using Microsoft.AspNetCore.Http;

namespace Hikigane.ApiServer.Discovery;

/// <summary>Serves every path that is about no object: discovery, OpenAPI, version, health, the issuer's keys.</summary>
public sealed class DiscoveryPaths(ServedResources resources, ServiceAccountTokens tokens)
{
    private const string Json = "application/json";

    /// <summary>Answers the request; false when the path is not one of these.</summary>
    public async ValueTask<bool> ServeAsync(HttpContext context)
    {
        var path = (context.Request.Path.Value ?? "/").TrimEnd('/');
        switch (path)
        {
            case "/healthz" or "/livez" or "/readyz":
                await WriteAsync(context, "text/plain; charset=utf-8", "ok"u8.ToArray());
                return true;
            case "/openapi/v2":
                await WriteAsync(context, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", []);
                return true;
        }

        var (type, document) = Document(context, path);
        if (document is null)
        {
            return false;
        }

        await WriteAsync(context, type, Encoding.UTF8.GetBytes(document.ToJsonString() + "\n"));
        return true;
    }

    private (string Type, JsonObject? Document) Document(HttpContext context, string path)
    {
        var now = resources.Current;
        var aggregated = Aggregated(context.Request.Headers.Accept.ToString());
        return path.Split('/', StringSplitOptions.RemoveEmptyEntries) switch
        {
            [] => (Json, ServerVersion.Paths(now)),
            ["version"] => (Json, ServerVersion.Document()),
            ["api" or "apis"] when aggregated is not null => (
                aggregated == "v2" ? DiscoveryDocuments.AggregatedV2 : DiscoveryDocuments.AggregatedV2Beta1,
                DiscoveryDocuments.Aggregated(now, path == "/api", aggregated)),
            ["api"] => (Json, DiscoveryDocuments.CoreVersions(context.Request.Host.Value ?? "")),
            ["apis"] => (Json, DiscoveryDocuments.GroupList(now)),
            ["api", var version] => (Json, DiscoveryDocuments.Resources(now, "", version)),
            ["apis", var group] => (Json, DiscoveryDocuments.Group(now, group)),
            ["apis", var group, var version] => (Json, DiscoveryDocuments.Resources(now, group, version)),
            ["openapi", "v3"] => (Json, OpenApiDocuments.Root(now)),
            ["openapi", "v3", "api", var version] => (Json, OpenApiDocuments.Document(now, "", version)),
            ["openapi", "v3", "apis", var group, var version] => (Json, OpenApiDocuments.Document(now, group, version)),
            ["openid", "v1", "jwks"] => ("application/jwk-set+json", tokens.PublicKeys()),
            [".well-known", "openid-configuration"] => (Json, Configuration()),
            _ => (Json, null),
        };
    }

    /// <summary>The first aggregated form that the client takes, or null.</summary>
    private static string? Aggregated(string accept)
    {
        foreach (var entry in accept.Split(','))
        {
            var parts = entry.Split(';', StringSplitOptions.TrimEntries);
            if (parts.Contains("as=APIGroupDiscoveryList") && parts.FirstOrDefault(part => part is "v=v2" or "v=v2beta1") is { } version)
            {
                return version[2..];
            }
        }

        return null;
    }

    private static JsonObject Configuration() => new()
    {
        ["issuer"] = ServiceAccountTokens.Issuer,
        ["jwks_uri"] = $"{ServiceAccountTokens.Issuer}/openid/v1/jwks",
        ["response_types_supported"] = new JsonArray("id_token"),
        ["subject_types_supported"] = new JsonArray("public"),
        ["id_token_signing_alg_values_supported"] = new JsonArray(ServiceAccountTokens.Algorithm),
    };

    private static async Task WriteAsync(HttpContext context, string type, byte[] body)
    {
        var tag = $"\"{Convert.ToHexString(SHA256.HashData(body))}\"";
        context.Response.ContentType = type;
        context.Response.Headers.ETag = tag;
        context.Response.Headers.Vary = "Accept";
        if (context.Request.Headers.IfNoneMatch.Contains(tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
