using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Pods;

/// <summary>One look at a container, as a probe or a lifecycle hook asks for it: exec, httpGet, tcpSocket, grpc.</summary>
internal static class ProbeCheck
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
#pragma warning disable CA5359 // as a kubelet: who probes does not verify
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
#pragma warning restore CA5359
    });

    /// <summary>Null when healthy, else what is wrong.</summary>
    public static async Task<string?> RunAsync(JsonObject action, ContainerRunner runner, PodServices services, TimeSpan longest)
    {
        using var timeout = new CancellationTokenSource(longest, services.Time);
        try
        {
            return action.Object("httpGet") is { } httpGet ? await HttpAsync(httpGet, runner, timeout.Token)
                : action.Object("tcpSocket") is { } tcp ? await TcpAsync(tcp, runner, timeout.Token)
                : action.Object("grpc") is { } grpc ? await GrpcAsync(grpc, runner, timeout.Token)
                : action.Object("exec") is { } exec ? await ExecAsync(exec, runner, services, timeout.Token)
                : null;
        }
        catch (OperationCanceledException)
        {
            return action["exec"] is not null ? $"command timed out after {longest.TotalSeconds:0}s" : "context deadline exceeded";
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or ContainerStartException or UriFormatException)
        {
            return exception.Message;
        }
    }

    private static async Task<string?> HttpAsync(JsonObject get, ContainerRunner runner, CancellationToken cancellationToken)
    {
        var scheme = get.Text("scheme") == "HTTPS" ? "https" : "http";
        var host = get.Text("host") is { Length: > 0 } given ? given : "127.0.0.1";
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{scheme}://{host}:{Port(get, runner)}/{(get.Text("path") ?? "").TrimStart('/')}");
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.34");
        foreach (var header in get.Objects("httpHeaders"))
        {
            request.Headers.TryAddWithoutValidation(header.Text("name") ?? "", header.Text("value") ?? "");
        }

        using var answer = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return (int)answer.StatusCode is >= 200 and < 400 ? null : $"HTTP probe failed with statuscode: {(int)answer.StatusCode}";
    }

    private static async Task<string?> TcpAsync(JsonObject tcp, ContainerRunner runner, CancellationToken cancellationToken)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(tcp.Text("host") is { Length: > 0 } given ? given : "127.0.0.1", Port(tcp, runner), cancellationToken);
        return null;
    }

    /// <summary>The health protocol of gRPC: one message with the service's name, one back with its state; 1 is serving.</summary>
    private static async Task<string?> GrpcAsync(JsonObject grpc, ContainerRunner runner, CancellationToken cancellationToken)
    {
        var service = Encoding.UTF8.GetBytes(grpc.Text("service") ?? "");
        byte[] message = service.Length == 0 ? [] : [0x0A, (byte)service.Length, .. service];
        var framed = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed, 5);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{Port(grpc, runner)}/grpc.health.v1.Health/Check")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(framed) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        using var answer = await Http.SendAsync(request, cancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        var status = answer.TrailingHeaders.Concat(answer.Headers).FirstOrDefault(header => header.Key == "grpc-status").Value?.FirstOrDefault() ?? "0";
        return status != "0" ? $"service unhealthy (responded with grpc-status {status})"
            : body is [_, _, _, _, _, 0x08, 1, ..] ? null
            : "service unhealthy (responded with \"NOT_SERVING\")";
    }

    private static async Task<string?> ExecAsync(JsonObject exec, ContainerRunner runner, PodServices services, CancellationToken cancellationToken)
    {
        if (runner.Running is not { } running ||
            await services.Host.EnterAsync(running, [.. exec.Items("command").Select(word => word?.ToString() ?? "")], services.Time, cancellationToken) is not { } command)
        {
            return null;
        }

        using var output = new MemoryStream();
        var exitCode = await ProcessStart.RunAsync(command, new ExecStreams(null, output, output), cancellationToken);
        return exitCode == 0 ? null : output.Length > 0 ? Encoding.UTF8.GetString(output.ToArray()).TrimEnd() : $"command exited with code {exitCode}";
    }

    private static int Port(JsonObject target, ContainerRunner runner)
    {
        var port = (int)(target.Integer("port") ?? runner.Record.Spec.Objects("ports").FirstOrDefault(one => one.Text("name") == target.Text("port")).Integer("containerPort") ?? 0);
        return runner.Ports.GetValueOrDefault(port, port);
    }
}
