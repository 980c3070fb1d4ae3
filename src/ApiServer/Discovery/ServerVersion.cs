using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Hikigane.ApiServer.Registry;

namespace Hikigane.ApiServer.Discovery;

/// <summary><c>/version</c> and <c>/</c>. The version is the Kubernetes release whose behaviour is served; clients compare it with their minimum.</summary>
public static class ServerVersion
{
    public const string GitVersion = "v1.34.1";

    public static JsonObject Document() => new()
    {
        ["major"] = "1",
        ["minor"] = "34",
        ["emulationMajor"] = "1",
        ["emulationMinor"] = "34",
        ["minCompatibilityMajor"] = "1",
        ["minCompatibilityMinor"] = "33",
        ["gitVersion"] = GitVersion,
        ["gitCommit"] = "",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "2025-09-09T00:00:00Z",
        ["goVersion"] = "",
        ["compiler"] = "dotnet",
        ["platform"] = $"linux/{(RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64")}",
    };

    /// <summary><c>/</c>: the paths that can be asked.</summary>
    public static JsonObject Paths(ResourceSnapshot snapshot)
    {
        var versions = snapshot.Groups.SelectMany(group => group.Name.Length == 0
            ? group.Versions.Select(version => $"/api/{version}")
            : [$"/apis/{group.Name}", .. group.Versions.Select(version => $"/apis/{group.Name}/{version}")]);
        IEnumerable<string> paths =
        [
            "/.well-known/openid-configuration", "/api", "/apis", .. versions, "/healthz", "/livez", "/openapi/v2", "/openapi/v3",
            "/openid/v1/jwks", "/readyz", "/version",
        ];
        return new JsonObject { ["paths"] = new JsonArray([.. paths.Order(StringComparer.Ordinal).Select(path => (JsonNode)path)]) };
    }
}
