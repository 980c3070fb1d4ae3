using Hikigane.Server.Https;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Hikigane.Server.Parts;

/// <summary>
/// <c>/health</c> says that the process lives, <c>/readiness</c> that it does its work; so do the names that other controllers use. As
/// knative.dev/pkg injection/health_check.
/// </summary>
internal sealed class HealthServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private HealthServer(WebApplication app, int port) => (this.app, Port) = (app, port);

    public int Port { get; }

    /// <param name="metrics">Answers <c>/metrics</c> on the same port, where there are any.</param>
    public static async Task<HealthServer> StartAsync(
        ListenAddress address, Func<bool> isReady, Func<RequestDelegate?> metrics, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(address.Address, address.Port);
        });
        var app = builder.Build();
        app.Run(http => http.Request.Path == "/metrics" && metrics() is { } answer ? answer(http) : AnswerAsync(http, isReady));
        await app.StartAsync(cancellationToken);
        return new HealthServer(app, new Uri(app.Urls.First()).Port);
    }

    public async ValueTask DisposeAsync()
    {
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(1), TimeProvider.System);
        await app.StopAsync(grace.Token);
        await app.DisposeAsync();
    }

    private static Task AnswerAsync(HttpContext http, Func<bool> isReady)
    {
        var status = http.Request.Path.Value switch
        {
            "/health" or "/healthz" or "/livez" => StatusCodes.Status200OK,
            "/readiness" or "/readyz" => isReady() ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            _ => StatusCodes.Status404NotFound,
        };
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(status switch { 200 => "ok\n", 503 => "not ready\n", _ => "not found\n" }, http.RequestAborted);
    }
}
