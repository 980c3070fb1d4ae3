using System.CommandLine;
using System.Globalization;
using System.Net;
using Hikigane.Cli.Text;
using Hikigane.Server.Https;
using Hikigane.Server.Parts;
using Microsoft.Extensions.Logging;

namespace Hikigane.Cli.Commands.Roles;

/// <summary>What all roles take: which API they work for, where they listen, where they are looked after.</summary>
internal sealed class RoleFlags
{
    private readonly Option<string?> kubeconfig = new("--kubeconfig")
    {
        Description = "Kubeconfig of the API; without it the pod's service account, else what kubectl would read",
        HelpName = "FILE",
    };

    private readonly Option<string?> context = new("--context") { Description = "Context of the kubeconfig", HelpName = "NAME" };

    private readonly Option<string> ns = new("--system-namespace")
    {
        Description = "Where Tekton is installed; also SYSTEM_NAMESPACE",
        HelpName = "NAME",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("SYSTEM_NAMESPACE") is { Length: > 0 } named ? named : "tekton-pipelines",
    };

    private readonly Option<int> health;

    private readonly Option<int> metrics = new("--metrics-port")
    {
        Description = "Port of /metrics; 0: beside /health only. METRICS_PROMETHEUS_PORT, else 9090 in a pod and 0 outside",
        HelpName = "PORT",
        DefaultValueFactory = _ => int.TryParse(Environment.GetEnvironmentVariable("METRICS_PROMETHEUS_PORT"), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port
            : IsInPod ? 9090 : 0,
    };

    private readonly bool isListener;

    private readonly Option<bool> verbose = new("--verbose", "-v") { Description = "Log what is decided, and why" };

    private readonly Option<string?> address = new("--address")
    {
        Description = "IP address to listen on; all of the pod's when there is one, else 127.0.0.1",
        HelpName = "IP",
    };

    /// <param name="isListener">A listener answers <c>/live</c> and <c>/metrics</c> itself.</param>
    public RoleFlags(bool isListener = false)
    {
        this.isListener = isListener;
        health = new Option<int>("--health-port")
        {
            Description = "Port of /health and /readiness; 0: none",
            HelpName = "PORT",
            DefaultValueFactory = _ => isListener ? 0 : 8080,
        };
    }

    private static bool IsInPod => Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is { Length: > 0 };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { kubeconfig, context, ns, health, address, verbose })
        {
            command.Options.Add(option);
        }

        if (!isListener)
        {
            command.Options.Add(metrics);
        }
    }

    /// <param name="port">The port that the role serves on.</param>
    public RoleOptions Options(ParseResult parsed, int port)
    {
        var ip = Address(parsed.GetValue(address));
        return new RoleOptions
        {
            Kubeconfig = parsed.GetValue(kubeconfig),
            Context = parsed.GetValue(context),
            Namespace = parsed.GetValue(ns)!,
            Listen = new ListenAddress(ip, port),
            Health = parsed.GetValue(health) is var number and > 0 ? new ListenAddress(ip, number) : null,
            Metrics = !isListener && parsed.GetValue(metrics) is var scraped and > 0 ? new ListenAddress(ip, scraped) : null,
        };
    }

    /// <summary>Runs a role until Ctrl-C or SIGTERM.</summary>
    public async Task<int> RunAsync(ParseResult parsed, RoleOptions options, Func<RoleProcess, CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        using var logging = Logs.ToStandardError(parsed.GetValue(verbose) ? LogLevel.Information : LogLevel.Warning);
        await run(new RoleProcess(options, TimeProvider.System, logging) { Ready = Console.WriteLine }, cancellationToken);
        return ExitCode.Done;
    }

    /// <summary>Outside a pod nothing is opened to others unless that is asked for.</summary>
    private static IPAddress Address(string? given) =>
        given is not null ? IPAddress.TryParse(given, out var ip) ? ip : throw new CliException($"--address {given} is no IP address", ExitCode.Usage)
        : IsInPod ? IPAddress.Any : IPAddress.Loopback;
}
