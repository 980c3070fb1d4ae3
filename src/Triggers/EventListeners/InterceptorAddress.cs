using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.EventListeners;

/// <summary>Where a ClusterInterceptor or Interceptor is served, from its <c>clientConfig</c>. As tektoncd/triggers ResolveAddress.</summary>
public static class InterceptorAddress
{
    /// <summary>The URL; null when the configuration names none.</summary>
    public static string? Of(JsonObject interceptor)
    {
        var client = interceptor.Object("spec", "clientConfig");
        if (client.Text("url") is { Length: > 0 } url)
        {
            return url;
        }

        if (client.Object("service") is not { } service)
        {
            return null;
        }

        var isSecure = client.Text("caBundle") is { Length: > 0 };
        var port = service.Integer("port") ?? (isSecure ? 8443 : 80);
        var path = service.Text("path") is { Length: > 0 } given ? "/" + given.TrimStart('/') : "";
        return string.Create(
            CultureInfo.InvariantCulture, $"{(isSecure ? "https" : "http")}://{service.Text("name")}.{service.Text("namespace")}.svc:{port}{path}");
    }
}
