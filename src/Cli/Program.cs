using System.CommandLine;
using Hikigane.Cli.Commands;

var root = new RootCommand("Hikigane: the Tekton API, with or without a cluster")
{
    UpCommand.Create(),
    DemoCommand.Create(),
    EventCommand.Create(),
    WhyCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
