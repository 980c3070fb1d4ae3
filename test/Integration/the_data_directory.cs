using System.Diagnostics;
using System.Text.Json.Nodes;
using Hikigane.Resources.Json;

namespace Hikigane.Integration;

/// <summary>What can be wrong with the place where everything is kept: each is said in one line, and what was acknowledged is never lost.</summary>
public sealed class TheDataDirectory : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-directory-").FullName;
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_second_up_on_the_same_directory_or_port_is_refused_in_one_line()
    {
        var data = Path.Combine(directory, "data");
        using var up = new UpProcess(data);
        await up.StartAsync(cancellationToken);

        var second = await RefusedAsync("up", "--data", data, "--port", "0", "--no-sandbox");
        Assert.Equal((1, $"hikigane up: the data directory {data} is in use by another process\n"), second);

        var port = up.Address.Port;
        var third = await RefusedAsync("up", "--data", Path.Combine(directory, "other"), "--port", $"{port}", "--no-sandbox");
        Assert.Equal((1, $"hikigane up: port {port} on 127.0.0.1 is in use; choose another with --port, or 0 for a free one\n"), third);
    }

    [Fact]
    public async Task A_full_disk_refuses_events_and_loses_none_that_was_acknowledged()
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists("/usr/bin/unshare"), "a small file system can be mounted as root only, with unshare (Debian package util-linux)");
        var data = Directory.CreateDirectory(Path.Combine(directory, "small")).FullName;
        using var up = new UpProcess(data)
        {
            Before = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", "mount -t tmpfs -o size=24m small \"$0\" && exec \"$@\"", data],
        };
        await up.StartAsync(cancellationToken);
        await up.CreateAsync(KilledAndStartedAgain.Objects, cancellationToken);
        await Waits.UntilAsync(async () => (await up.SendAsync("made", "not json", cancellationToken)).Status == 400, cancellationToken);

        var acknowledged = new List<string>();
        var body = $$"""{"filler": "{{new string('x', 250_000)}}"}""";
        var (status, answer) = (202, "");
        for (var i = 0; i < 400 && status == 202; i++)
        {
            (status, answer) = await up.SendAsync("made", body, cancellationToken);
            if (status == 202)
            {
                acknowledged.Add(JsonNode.Parse(answer).Text("eventID")!);
            }
        }

        Assert.True(status is >= 500 and < 600, $"status {status} after {acknowledged.Count} events: {answer}");
        Assert.NotEmpty(acknowledged);
        await RunAsync("nsenter", "--target", $"{up.ProcessId}", "--mount", "mount", "-o", "remount,size=200m", data);
        await Waits.UntilAsync(async () => (await up.SendAsync("made", "{}", cancellationToken)).Status == 202, cancellationToken);
        await Waits.UntilAsync(
            async () =>
            {
                var made = await up.GetAsync("api/v1/namespaces/default/configmaps?labelSelector=triggers.tekton.dev%2Ftriggers-eventid", cancellationToken);
                var ids = made.Objects("items").Select(one => one.Label("triggers.tekton.dev/triggers-eventid")!).ToList();
                Assert.Equal(ids.Count, ids.Distinct().Count());
                return acknowledged.All(ids.Contains);
            },
            cancellationToken);
    }

    private async Task<(int Code, string Error)> RefusedAsync(params string[] arguments)
    {
        using var program = Process.Start(new ProcessStartInfo(UpProcess.Executable, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var error = await program.StandardError.ReadToEndAsync(cancellationToken);
        await program.WaitForExitAsync(cancellationToken);
        return (program.ExitCode, error);
    }

    private async Task RunAsync(string program, params string[] arguments)
    {
        var (code, text) = await new Tool(program, new Dictionary<string, string>()).RunAsync(cancellationToken, arguments);
        Assert.True(code == 0, text);
    }
}
