using System.Net.Sockets;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Runtime.Pods;

/// <summary>Readiness of a running container by its probe: exec, httpGet or tcpSocket.</summary>
internal static class ContainerProbes
{
    // Certificates are not checked, as the kubelet does not.
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
    });

    /// <summary>Probes until the container has ended.</summary>
    public static async Task RunAsync(PodWorker worker, ContainerRunner runner, PodServices services, Task ended)
    {
        if (runner.Record.Spec.Object("readinessProbe") is not { } probe)
        {
            return;
        }

        var period = TimeSpan.FromSeconds(Math.Max(1, probe.Integer("periodSeconds") ?? 10));
        var (successes, failures) = (0, 0);
        await WaitAsync(TimeSpan.FromSeconds(probe.Integer("initialDelaySeconds") ?? 0), services, ended);
        while (!ended.IsCompleted)
        {
            var problem = await CheckAsync(probe, runner, services);
            (successes, failures) = problem is null ? (successes + 1, 0) : (0, failures + 1);
            var isReady = problem is null ? successes >= (probe.Integer("successThreshold") ?? 1) || runner.Record.IsReady
                : failures < (probe.Integer("failureThreshold") ?? 3) && runner.Record.IsReady;
            if (problem is not null)
            {
                await worker.RecordAsync("Warning", "Unhealthy", $"Readiness probe failed: {problem}", runner.Record.Name, runner.Record.IsInit);
            }

            if (isReady != runner.Record.IsReady && runner.Record.IsRunning)
            {
                lock (worker.Gate)
                {
                    runner.Record.IsReady = isReady;
                }

                worker.Changed();
            }

            // Until the first success a look is cheap and somebody waits for it.
            await WaitAsync(runner.Record.IsReady ? period : TimeSpan.FromMilliseconds(Math.Min(period.TotalMilliseconds, 1000)), services, ended);
        }
    }

    private static async Task WaitAsync(TimeSpan delay, PodServices services, Task ended)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.WhenAny(ended, Task.Delay(delay, services.Time, CancellationToken.None));
        }
    }

    /// <summary>Null when healthy, else what is wrong.</summary>
    private static async Task<string?> CheckAsync(JsonObject probe, ContainerRunner runner, PodServices services)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(Math.Max(1, probe.Integer("timeoutSeconds") ?? 1)), services.Time);
        try
        {
            if (probe.Object("httpGet") is { } httpGet)
            {
                var scheme = httpGet.Text("scheme") == "HTTPS" ? "https" : "http";
                var url = $"{scheme}://127.0.0.1:{Port(httpGet, runner)}/{(httpGet.Text("path") ?? "").TrimStart('/')}";
                using var answer = await Http.GetAsync(new Uri(url), HttpCompletionOption.ResponseHeadersRead, timeout.Token);
                return (int)answer.StatusCode is >= 200 and < 400 ? null : $"HTTP probe failed with statuscode: {(int)answer.StatusCode}";
            }

            if (probe.Object("tcpSocket") is { } tcp)
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync("127.0.0.1", Port(tcp, runner), timeout.Token);
                return null;
            }

            return probe.Object("exec") is { } exec ? await ExecAsync(exec, runner, services, timeout.Token) : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or OperationCanceledException or ContainerStartException)
        {
            return exception.Message;
        }
    }

    private static int Port(JsonObject target, ContainerRunner runner)
    {
        var port = (int)(target.Integer("port") ?? runner.Record.Spec.Objects("ports").FirstOrDefault(one => one.Text("name") == target.Text("port")).Integer("containerPort") ?? 0);
        return runner.Ports.GetValueOrDefault(port, port);
    }

    private static async Task<string?> ExecAsync(JsonObject exec, ContainerRunner runner, PodServices services, CancellationToken cancellationToken)
    {
        if (runner.Running is not { } running ||
            services.Host.Runtime.EnterCommand(running, [.. exec.Items("command").Select(word => word?.ToString() ?? "")]) is not { } command)
        {
            return null;
        }

        var exitCode = await ProcessStart.RunAsync(command, new ExecStreams(null, null, null), cancellationToken);
        return exitCode == 0 ? null : $"command exited with code {exitCode}";
    }
}
