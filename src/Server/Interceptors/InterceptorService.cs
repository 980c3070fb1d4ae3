using Hikigane.Server.Https;
using Hikigane.Triggers.Interceptors;
using Microsoft.AspNetCore.Http;

namespace Hikigane.Server.Interceptors;

/// <summary>The built-in interceptors over HTTP: the edge of <see cref="CoreInterceptors"/>. As tektoncd/triggers pkg/interceptors/server.</summary>
internal sealed class InterceptorService(Func<string, Interceptor?> byName, TimeProvider time)
{
    private static readonly TimeSpan LongestWork = TimeSpan.FromSeconds(3);

    public async Task HandleAsync(HttpContext http)
    {
        using var deadline = new CancellationTokenSource(LongestWork, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, deadline.Token);
        CoreAnswer answer;
        try
        {
            var body = await RequestBytes.ReadAsync(http.Request, ending.Token);
            answer = await CoreInterceptors.HandleAsync(http.Request.Path.Value ?? "/", body, byName, ending.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            answer = new CoreAnswer(StatusCodes.Status503ServiceUnavailable, "text/plain; charset=utf-8", "no answer within 3 seconds\n");
        }

        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = answer.ContentType.Length == 0 ? null : answer.ContentType;
        await http.Response.WriteAsync(answer.Body, http.RequestAborted);
    }
}
