using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Hikigane.Golden.Triggers;

/// <summary>The HTTP server <c>helper.example</c> of a recorded case: answers as recorded and keeps what it was asked.</summary>
internal sealed class SinkHelper(JsonObject answers, TimeProvider time) : IAsyncDisposable
{
    private static readonly string[] NotRecorded = ["User-Agent", "Accept-Encoding", "Host", "Content-Length"];

    private readonly List<JsonObject> calls = [];
    private WebApplication? app;

    public static async Task<SinkHelper> StartAsync(JsonObject? answers, TimeProvider time)
    {
        var helper = new SinkHelper(answers ?? [], time);
        if (answers is not null)
        {
            await helper.ListenAsync();
        }

        return helper;
    }

    /// <summary>Where a connection to any host ends.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext _, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, app is null ? 1 : new Uri(app.Urls.First()).Port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public JsonArray Calls()
    {
        lock (calls)
        {
            return [.. calls
                .OrderBy(call => call.Text("path"), StringComparer.Ordinal)
                .ThenBy(call => call.Text("headers", "Ce-Type"), StringComparer.Ordinal)
                .ThenBy(call => (call["json"] ?? call["text"])?.ToJsonString(), StringComparer.Ordinal)];
        }
    }

    public ValueTask DisposeAsync() => app?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task ListenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        var text = await reader.ReadToEndAsync();
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        Keep(http, target, text);
        var answer = answers[target] as JsonObject ?? answers[target.Split('?')[0]] as JsonObject ?? new JsonObject { ["status"] = 418 };
        if (answer.Integer("delaySeconds") is { } seconds)
        {
            await Task.Delay(TimeSpan.FromSeconds(seconds), time);
        }

        if (answer.Flag("close"))
        {
            http.Abort();
            return;
        }

        http.Response.StatusCode = (int)(answer.Integer("status") ?? 200);
        if (answer.ContainsKey("json"))
        {
            http.Response.ContentType = "application/json";
        }

        foreach (var (name, value) in answer.Object("headers") ?? [])
        {
            http.Response.Headers[name] = value is JsonArray values ? values.Select(one => one.Text()).ToArray() : value.Text();
        }

        var body = Encoding.UTF8.GetBytes(answer.ContainsKey("json") ? answer["json"]?.ToJsonString() ?? "null" : answer.Text("body") ?? "");
        if (!answer.Flag("chunked"))
        {
            http.Response.ContentLength = http.Response.StatusCode == 204 ? null : body.Length;
        }

        if (body.Length > 0)
        {
            await http.Response.Body.WriteAsync(body);
        }
    }

    private void Keep(HttpContext http, string target, string text)
    {
        var headers = new JsonObject();
        foreach (var (name, values) in http.Request.Headers.Where(header => !NotRecorded.Contains(header.Key, StringComparer.OrdinalIgnoreCase)))
        {
            headers[name] = new JsonArray([.. values.Select(value => (JsonNode?)value)]);
        }

        var call = new JsonObject { ["method"] = http.Request.Method, ["path"] = target, ["headers"] = headers };
        try
        {
            call["json"] = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            call["text"] = text;
        }

        lock (calls)
        {
            calls.Add(call);
        }
    }
}
