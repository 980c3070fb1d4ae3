using System.Text;
using Hikigane.Kube;
using Hikigane.Resources.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hikigane.ApiServer.Rest;

/// <summary>
/// One request from bytes to bytes: authenticate, take the path apart, read, call the verb, answer. The one place where a failure becomes
/// a Status.
/// </summary>
public sealed partial class RequestPipeline(ObjectApi api, ApiHooks hooks, ILogger<RequestPipeline> logger)
{
    public ObjectApi Api => api;

    public ApiHooks Hooks => hooks;

    /// <summary>The request delegate of the server.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (KubeException refusal)
        {
            await RefuseAsync(context, refusal);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Log.Failed(logger, context.Request.Method, context.Request.Path, exception);
            await RefuseAsync(context, Errors.Internal(exception.Message));
        }
    }

    private async Task RouteAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-cache, private";
        var caller = await hooks.Authenticate(context) ?? throw new KubeException(401, "Unauthorized", "Unauthorized");
        var path = context.Request.Path.Value ?? "/";
        if (ApiPath.Parse(path) is not { } parsed)
        {
            await ServePathAsync(context, caller, path);
            return;
        }

        if (api.Kinds.Find(parsed.Group, parsed.Version, parsed.Plural) is not { } served)
        {
            // Where definitions alone make a group, what they do not serve is a path like any other.
            if (api.Kinds.All.Any(kind => !kind.IsCustom && kind.Versions.Any(one => one.Group == parsed.Group && one.Version == parsed.Version)))
            {
                throw Errors.NoSuchResource();
            }

            await NotFoundAsync(context);
            return;
        }

        var target = new Target(served.Kind, served.Type, served.Type.IsNamespaced ? parsed.Namespace : "", parsed.Name, parsed.Subresource);
        if (target.Subresource is not null && hooks.Stream is { } stream && await stream(context, caller, target))
        {
            return;
        }

        await new ResourceRequest(api, hooks, context, caller, target).ServeAsync(context.RequestAborted);
    }

    private async Task ServePathAsync(HttpContext context, Caller caller, string path)
    {
        var request = new AccessRequest(caller, context.Request.Method.ToLowerInvariant() switch { "get" or "head" => "get", var other => other }, null, path);
        if (api.Authorize(request) is { } why)
        {
            throw Errors.Forbidden(request, why);
        }

        if (hooks.ServePath is null || !await hooks.ServePath(context, caller))
        {
            await NotFoundAsync(context);
        }
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = 404;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("404 page not found\n");
    }

    private static async Task RefuseAsync(HttpContext context, KubeException refusal)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = refusal.Code;
        context.Response.ContentType = "application/json";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        if (refusal.Details.Integer("retryAfterSeconds") is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString();
        }

        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(refusal.ToStatus().ToJsonString() + "\n"));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
        public static partial void Failed(ILogger logger, string method, PathString path, Exception exception);
    }
}
