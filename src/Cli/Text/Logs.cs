using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Hikigane.Cli.Text;

/// <summary>The program's own log: one line per record on standard error, so that standard output stays for answers.</summary>
internal static class Logs
{
    public static ILoggerFactory ToStandardError(LogLevel level) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(level)
        .AddFilter("Microsoft", LogLevel.Error)
        // What keeps the host from starting is said in one line by the command.
        .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        })
        .Services.AddStandardError());

    private static void AddStandardError(this Microsoft.Extensions.DependencyInjection.IServiceCollection services) =>
        Microsoft.Extensions.DependencyInjection.OptionsServiceCollectionExtensions.Configure<ConsoleLoggerOptions>(
            services, console => console.LogToStandardErrorThreshold = LogLevel.Trace);
}
