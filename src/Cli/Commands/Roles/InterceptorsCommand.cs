using System.CommandLine;

namespace Hikigane.Cli.Commands.Roles;

/// <summary><c>hikigane interceptors</c>: the core interceptors over HTTPS, for listeners that are not ours.</summary>
internal static class InterceptorsCommand
{
    public static Command Create()
    {
        var flags = new RoleFlags();
        var port = WebhookCommand.ServedPort();
        var command = new Command("interceptors", "Run the core interceptors (cel, github, gitlab, bitbucket, slack) against an API") { port };
        flags.AddTo(command);
        command.SetAction((parsed, cancellationToken) => flags.RunAsync(
            parsed, flags.Options(parsed, parsed.GetValue(port)), (role, token) => role.InterceptorsAsync(token), cancellationToken));
        return command;
    }
}
