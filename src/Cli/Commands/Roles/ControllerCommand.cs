using System.CommandLine;
using Hikigane.Triggers.EventListeners;

namespace Hikigane.Cli.Commands.Roles;

/// <summary><c>hikigane controller</c>: the controllers, as a process of their own.</summary>
internal static class ControllerCommand
{
    public static Command Create()
    {
        var flags = new RoleFlags();
        var set = new Option<string>("--for") { Description = "Which controllers: triggers, pipelines or all", HelpName = "SET", DefaultValueFactory = _ => "all" };
        set.AcceptOnlyFromAmong("all", "triggers", "pipelines");
        var alone = new Option<bool>("--no-leader-election") { Description = "Work at once: there is no other replica" };
        var lease = new Option<int>("--lease-duration")
        {
            Description = "Seconds after which a leader that has fallen silent is replaced",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => 15,
        };
        var image = new Option<string>("--el-image", "-el-image")
        {
            Description = "Image of listeners",
            HelpName = "IMAGE",
            DefaultValueFactory = _ => new ListenerOptions().Image,
        };
        var events = new Option<string>("--el-events", "-el-events")
        {
            Description = "Whether listeners record Kubernetes events: enable or disable",
            HelpName = "WORD",
            DefaultValueFactory = _ => "disable",
        };
        var writable = new Option<bool>("--el-writable-root") { Description = "Let listeners write to their root file system" };
        var command = new Command("controller", "Run the controllers against an API, on a cluster or elsewhere") { set, alone, lease, image, events, writable };
        flags.AddTo(command);
        command.SetAction((parsed, cancellationToken) => flags.RunAsync(
            parsed,
            flags.Options(parsed, port: 0) with
            {
                ElectsLeader = !parsed.GetValue(alone),
                Listeners = new ListenerOptions
                {
                    Image = parsed.GetValue(image)!,
                    Events = parsed.GetValue(events)!,
                    HasReadOnlyRootFilesystem = !parsed.GetValue(writable),
                },
                LeaseDuration = TimeSpan.FromSeconds(Math.Max(1, parsed.GetValue(lease))),
            },
            (role, token) => role.ControllerAsync(parsed.GetValue(set) is "all" or "triggers", parsed.GetValue(set) is "all" or "pipelines", token),
            cancellationToken));
        return command;
    }
}
