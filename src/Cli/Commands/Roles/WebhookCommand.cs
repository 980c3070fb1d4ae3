using System.CommandLine;

namespace Hikigane.Cli.Commands.Roles;

/// <summary><c>hikigane webhook</c>: the admission webhook of Triggers or Pipelines, over HTTPS, with a certificate of its own making.</summary>
internal static class WebhookCommand
{
    public static Command Create()
    {
        var flags = new RoleFlags();
        var set = new Option<string>("--for") { Description = "Whose kinds: triggers or pipelines", HelpName = "SET", Required = true };
        set.AcceptOnlyFromAmong("triggers", "pipelines");
        var port = ServedPort();
        var url = new Option<string?>("--url")
        {
            Description = "Where the API reaches this process when it is no Service of the cluster: https://HOST:PORT",
            HelpName = "URL",
        };
        var command = new Command("webhook", "Run an admission webhook against an API: defaults, validation, conversion") { set, port, url };
        flags.AddTo(command);
        command.SetAction((parsed, cancellationToken) => flags.RunAsync(
            parsed, flags.Options(parsed, parsed.GetValue(port)) with { Url = UrlOf(parsed.GetValue(url)) },
            (role, token) => role.WebhookAsync(parsed.GetValue(set) == "pipelines", token), cancellationToken));
        return command;
    }

    public static Option<int> ServedPort() => new("--port") { Description = "Port to serve on; 0 picks a free one", HelpName = "PORT", DefaultValueFactory = _ => 8443 };

    private static Uri? UrlOf(string? text) => text is null ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == "https" ? url
        : throw new CliException($"--url {text} is no https address", ExitCode.Usage);
}
