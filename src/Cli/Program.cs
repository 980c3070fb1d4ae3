using System.CommandLine;
using Hikigane.Cli;
using Hikigane.Cli.Commands;
using Hikigane.Cli.Commands.Roles;
using Hikigane.Cli.Text;
using Hikigane.Kube;
using Hikigane.Ledger;
using Hikigane.Server;

var root = new RootCommand("Hikigane: the Tekton API, with or without a cluster")
{
    UpCommand.Create(),
    DemoCommand.Create(),
    EventCommand.Create(),
    WhyCommand.Create(),
    EvalCommand.Create(),
    TestTriggerCommand.Create(),
    ControllerCommand.Create(),
    WebhookCommand.Create(),
    InterceptorsCommand.Create(),
    ListenerCommand.Create(),
    InstallCommand.Create(),
};

// The container of a listener has upstream's arguments and no verb.
if (args is [var first, ..] && first.TrimStart('-').StartsWith("el-name", StringComparison.Ordinal))
{
    args = ["listener", .. args];
}

if (!Console.IsOutputRedirected)
{
    Console.SetOut(new HarmlessWriter(Console.Out));
}

try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,

        // Listeners decide what they have acknowledged, leaders give up their place.
        ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
    });
}
catch (CliException exception)
{
    Console.Error.WriteLine("hikigane: " + exception.Message);
    return exception.ExitCode;
}
catch (OperationCanceledException)
{
    return 130;
}
catch (Exception exception) when (exception is LedgerException or StartException or KubeException or HttpRequestException or IOException
    or InvalidDataException or UnauthorizedAccessException)
{
    Console.Error.WriteLine("hikigane: " + exception.Message.ReplaceLineEndings(" "));
    return ExitCode.Failed;
}
