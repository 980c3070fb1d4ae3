using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Triggers.Interceptors;

/// <summary>
/// Where a ClusterInterceptor or Interceptor is served, and the certificates (PEM, base64) that it is trusted by; empty for the usual ones.
/// As tektoncd/triggers ResolveAddress (spec: triggers.md §1.8).
/// </summary>
public sealed record InterceptorAddress(string Name, string Url, string CaBundle)
{
    /// <summary>The service that serves the built-in interceptors to listeners that are not ours.</summary>
    public const string CoreService = "tekton-triggers-core-interceptors";

    private const string NoUrl = "interceptor URL was nil";

    /// <summary>The address from the status, else from the spec; an error when neither has one.</summary>
    public static (InterceptorAddress? Address, string? Error) Of(JsonObject interceptor)
    {
        var url = interceptor.Text("status", "address", "url") is { Length: > 0 } known ? known : UrlOf(interceptor);
        return url is null
            ? (null, NoUrl)
            : (new InterceptorAddress(interceptor.Name(), url, interceptor.Text("spec", "clientConfig", "caBundle") ?? ""), null);
    }

    /// <summary>The URL that <c>clientConfig</c> says; null when it names none.</summary>
    public static string? UrlOf(JsonObject interceptor)
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

    /// <summary>Whether a ClusterInterceptor is one of the built-in ones, served where the installation put them.</summary>
    public static bool IsCore(JsonObject interceptor) => interceptor.Text("spec", "clientConfig", "service", "name") == CoreService;
}
