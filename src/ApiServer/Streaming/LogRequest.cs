using System.Globalization;
using System.Text.Json.Nodes;
using Hikigane.Kube;
using Hikigane.Resources.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hikigane.ApiServer.Streaming;

/// <summary><c>GET pods/log</c>: picks the container, then copies the kubelet's stream, flushed as it comes.</summary>
internal static class LogRequest
{
    private static readonly string[] ContainerLists = ["containers", "initContainers", "ephemeralContainers"];

    public static async Task ServeAsync(HttpContext context, IPodStreams pods, JsonObject pod, TimeProvider time)
    {
        var query = context.Request.Query;
        var container = Container(pod, query["container"].ToString());
        var options = new LogQuery(
            Flag(query["follow"]), Flag(query["previous"]), Flag(query["timestamps"]), Number(query["tailLines"].ToString(), "tailLines"),
            Number(query["limitBytes"].ToString(), "limitBytes"), Since(query, time));
        context.Response.ContentType = "text/plain";
        if (string.IsNullOrEmpty(pod.Text("spec", "nodeName")))
        {
            return;
        }

        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await foreach (var chunk in pods.LogAsync(pod, container, options, context.RequestAborted))
        {
            await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    /// <summary>The container that is meant; 400 with the kubelet's words where that is not clear.</summary>
    public static string Container(JsonObject pod, string wanted)
    {
        var all = ContainerLists.SelectMany(list => pod.Objects("spec", list)).Select(container => container.Text("name") ?? "").ToList();
        if (wanted.Length > 0)
        {
            return all.Contains(wanted) ? wanted : throw new KubeException(400, "BadRequest", $"container {wanted} is not valid for pod {pod.Name()}");
        }

        var regular = pod.Objects("spec", "containers").Select(container => container.Text("name") ?? "").ToList();
        if (regular.Count == 1)
        {
            return regular[0];
        }

        if (pod.Annotation("kubectl.kubernetes.io/default-container") is { } named && regular.Contains(named))
        {
            return named;
        }

        var inits = pod.Objects("spec", "initContainers").Select(container => container.Text("name") ?? "").ToList();
        var choice = $"choose one of: [{string.Join(' ', regular)}]" + (inits.Count > 0 ? $" or one of the init containers: [{string.Join(' ', inits)}]" : "");
        throw new KubeException(400, "BadRequest", $"a container name must be specified for pod {pod.Name()}, {choice}");
    }

    private static DateTimeOffset? Since(IQueryCollection query, TimeProvider time)
    {
        if (Number(query["sinceSeconds"].ToString(), "sinceSeconds") is { } seconds)
        {
            return time.GetUtcNow() - TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue));
        }

        return DateTimeOffset.TryParse(query["sinceTime"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
    }

    private static bool Flag(string? value) => value is "true" or "1";

    private static long? Number(string value, string name) => value.Length == 0 ? null
        : long.TryParse(value, out var number) && number >= 0 ? number
        : throw new KubeException(400, "BadRequest", $"invalid value \"{value}\" for {name}: must be a whole number that is not negative");
}
