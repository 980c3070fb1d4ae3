using System.CommandLine;

namespace Hikigane.Cli.Commands;

/// <summary>Options that several commands share, with the same words everywhere.</summary>
internal static class CommonOptions
{
    public static Option<string> Data() => new("--data")
    {
        Description = "Directory that holds everything",
        HelpName = "DIR",
        DefaultValueFactory = _ => DataDirectory.Default,
    };

    public static Option<string> Output(string formats = "text, json or yaml") => new("--output", "-o")
    {
        Description = formats,
        HelpName = "FORMAT",
        DefaultValueFactory = _ => "text",
    };

    public static Argument<string> EventId() => new("ID") { Description = "Event id, its beginning or its end" };
}
