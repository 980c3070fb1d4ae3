using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Interceptors;

/// <summary>Where a ClusterInterceptor or Interceptor is reached (spec: triggers.md §1.8). As upstream's <c>ResolveAddress</c>.</summary>
public static class InterceptorUrl
{
    /// <summary>The address from the status, else from the spec; an error when the spec has none.</summary>
    public static (string Url, string? Error) Of(JsonObject interceptor) =>
        interceptor.Text("status", "address", "url") is { Length: > 0 } known ? (known, null) : FromSpec(interceptor);

    /// <summary>The address that the spec says.</summary>
    public static (string Url, string? Error) FromSpec(JsonObject interceptor)
    {
        var config = interceptor.At("spec", "clientConfig");
        if (config.Text("url") is { Length: > 0 } url)
        {
            return (url, null);
        }

        if (config.Object("service") is not { } service)
        {
            return ("", "interceptor URL was nil");
        }

        var isSecure = !string.IsNullOrEmpty(config.Text("caBundle"));
        var port = service.Integer("port") ?? (isSecure ? 8443 : 80);
        var path = (service.Text("path") ?? "").TrimStart('/');
        return ($"{(isSecure ? "https" : "http")}://{service.Text("name")}.{service.Text("namespace")}.svc:{port}/{path}", null);
    }
}
