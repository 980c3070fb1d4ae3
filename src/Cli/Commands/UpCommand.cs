using System.CommandLine;
using System.Globalization;
using Hikigane.Cli.Text;
using Hikigane.Server;
using Microsoft.Extensions.Logging;

namespace Hikigane.Cli.Commands;

/// <summary><c>hikigane up</c>: the whole system on this machine, until Ctrl-C.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var data = CommonOptions.Data();
        var port = new Option<int>("--port") { Description = "Port of the API; 0 picks a free one", DefaultValueFactory = _ => 6443 };
        var kubeconfig = new Option<string?>("--kubeconfig") { Description = "File to write, ready for KUBECONFIG=", HelpName = "FILE" };
        var runtime = RuntimeOption();
        var noSandbox = new Option<bool>("--no-sandbox") { Description = "Run steps as plain processes where no sandbox can be had" };
        var inMemory = new Option<bool>("--in-memory") { Description = "Keep objects and events in memory only" };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Log what is decided, and why" };
        var command = new Command("up", "Run everything on this machine: API, controllers, listeners, pods")
        {
            data, port, kubeconfig, runtime, noSandbox, inMemory, verbose,
        };
        var ledger = new LedgerFlags();
        ledger.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new UpOptions
            {
                DataDirectory = Path.GetFullPath(parsed.GetValue(data)!),
                Port = parsed.GetValue(port),
                Kubeconfig = parsed.GetValue(kubeconfig),
                AllowsNoSandbox = parsed.GetValue(noSandbox),
                IsInMemory = parsed.GetValue(inMemory),
                Ledger = ledger.Address(parsed),
                Kept = ledger.Options(parsed),
            },
            parsed.GetValue(verbose) ? LogLevel.Information : LogLevel.Warning,
            cancellationToken));
        return command;
    }

    private static Option<string> RuntimeOption()
    {
        var runtime = new Option<string>("--runtime")
        {
            Description = "How containers run: auto or processes",
            HelpName = "RUNTIME",
            DefaultValueFactory = _ => "auto",
        };
        runtime.AcceptOnlyFromAmong("auto", "processes");
        return runtime;
    }

    private static async Task<int> RunAsync(UpOptions options, LogLevel level, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var logging = Logs.ToStandardError(level);
        ControlPlane plane;
        try
        {
            plane = await ControlPlane.StartAsync(options, TimeProvider.System, logging, cancellationToken);
        }
        catch (StartException exception)
        {
            Console.Error.WriteLine("hikigane up: " + exception.Message);
            return 1;
        }

        await using (plane)
        {
            var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Ready in {seconds:0.0} s. Ctrl-C stops it."));
            Console.WriteLine($"  API      {plane.ApiAddress}");
            Console.WriteLine($"  kubectl  export KUBECONFIG={plane.KubeconfigPath}");
            Console.WriteLine($"  events   {plane.ListenersAddress}NAMESPACE/LISTENER");
            await WaitAsync(cancellationToken);
        }

        return 0;
    }

    private static async Task WaitAsync(CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(stopped.SetResult);
        await stopped.Task;
    }
}
