using System.Text;
using Hikigane.Runtime;
using Hikigane.Runtime.Processes;

namespace Hikigane.Integration;

/// <summary>Programs as processes, in each sandbox that this machine has.</summary>
public sealed class Sandboxes : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("hikigane-sandboxes-").FullName;
    private readonly CancellationToken cancellationToken = TestContext.Current.CancellationToken;
    private readonly StringBuilder output = new();

    public static TheoryData<SandboxKind> Isolating => [SandboxKind.Bubblewrap, SandboxKind.Unshare];

    public static TheoryData<SandboxKind> All => [SandboxKind.Bubblewrap, SandboxKind.Unshare, SandboxKind.None];

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [MemberData(nameof(Isolating))]
    public async Task A_program_writes_to_its_mounts_and_sees_the_host_read_only(SandboxKind kind)
    {
        await SkipWithoutAsync(kind);
        var exit = await RunAsync(kind, "echo kept > /workspace/file; touch /usr/touched 2>/dev/null && exit 1; ls /tmp; echo \"pid $$ of $(ls -d /proc/[0-9]* | wc -l)\"; pwd");

        Assert.Equal(new ContainerExit(0, false), exit);
        Assert.Equal("kept\n", await File.ReadAllTextAsync(Path.Combine(directory, "workspace", "file"), cancellationToken));
        Assert.False(File.Exists("/usr/touched"));
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Matches(@"^pid \d{1,3} of \d$", lines[0]);
        Assert.Equal("/workspace", lines[1]);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_exit_code_beyond_128_is_no_signal(SandboxKind kind)
    {
        await SkipWithoutAsync(kind);
        foreach (var code in new[] { 3, 127, 130, 134, 137, 139, 141, 143, 255 })
        {
            Assert.Equal(new ContainerExit(code, false), await RunAsync(kind, $"exit {code}"));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_program_that_a_signal_has_ended_is_told_apart(SandboxKind kind)
    {
        await SkipWithoutAsync(kind);
        foreach (var (name, signal) in new[] { ("KILL", 9), ("SEGV", 11), ("ABRT", 6) })
        {
            Assert.Equal(new ContainerExit(128 + signal, true), await RunAsync(kind, $"kill -{name} $$; sleep 10"));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_signal_that_is_sent_reaches_the_program(SandboxKind kind)
    {
        await SkipWithoutAsync(kind);
        var ready = new TaskCompletionSource();
        var trapping = await StartAsync(kind, "trap 'exit 7' TERM; echo ready; sleep 10 & wait $!", () => ready.TrySetResult());
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(10), cancellationToken);
        trapping.Signal(15);
        Assert.Equal(new ContainerExit(7, false), await trapping.Exit);

        ready = new TaskCompletionSource();
        var plain = await StartAsync(kind, "echo ready; exec sleep 10", () => ready.TrySetResult());
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(10), cancellationToken);
        plain.Signal(2);
        Assert.Equal(new ContainerExit(130, true), await plain.Exit);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_program_outlives_the_thread_that_asked_for_it(SandboxKind kind)
    {
        await SkipWithoutAsync(kind);
        RunningContainer? running = null;
        var thread = new Thread(() => running = StartAsync(kind, "sleep 0.3; exit 5", static () => { }).AsTask().GetAwaiter().GetResult());
        thread.Start();
        thread.Join();

        Assert.Equal(new ContainerExit(5, false), await running!.Exit);
    }

    [Theory]
    [MemberData(nameof(Isolating))]
    public async Task Mounts_in_folders_that_the_host_does_not_have_are_made(SandboxKind kind)
    {
        await SkipWithoutAsync(kind);
        var volume = Directory.CreateDirectory(Path.Combine(directory, "volume")).FullName;
        var message = Path.Combine(directory, "message");
        await File.WriteAllTextAsync(message, "", cancellationToken);
        Bind[] binds = [new(volume, "/a b/c'd"), new(volume, "/usr/share/hikigane-not-there/x", true), new(message, "/dev/termination-log")];

        var exit = await RunAsync(kind, """
            echo one > "/a b/c'd/file" && ls /usr/share/hikigane-not-there/x && ls /usr/share | wc -l
            touch /usr/share/hikigane-not-there/x/no 2>/dev/null && exit 1
            echo said > /dev/termination-log; echo into > /dev/null
            """, binds);

        Assert.Equal(new ContainerExit(0, false), exit);
        var lines = output.ToString().Split('\n');
        Assert.Equal("file", lines[0]);
        Assert.Equal(Directory.GetFileSystemEntries("/usr/share").Length + 1, int.Parse(lines[1]));
        Assert.Equal("said\n", await File.ReadAllTextAsync(message, cancellationToken));
    }

    private static async Task SkipWithoutAsync(SandboxKind kind)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "processes are for Linux");
        Assert.SkipUnless(
            kind == SandboxKind.None || await SandboxProbe.WorksAsync(kind, TestContext.Current.CancellationToken),
            kind == SandboxKind.Bubblewrap ? "bwrap is not there (Debian package bubblewrap), or may not make namespaces" : "unshare is not there (Debian package util-linux), or may not make namespaces");
    }

    private async Task<ContainerExit> RunAsync(SandboxKind kind, string script, params Bind[] binds)
    {
        var running = await StartAsync(kind, script, static () => { }, binds);
        return await running.Exit.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
    }

    private async ValueTask<RunningContainer> StartAsync(SandboxKind kind, string script, Action onOutput, params Bind[] binds)
    {
        var workspace = Directory.CreateDirectory(Path.Combine(directory, "workspace")).FullName;
        var temporary = Directory.CreateDirectory(Path.Combine(directory, "tmp")).FullName;
        return await new ProcessRuntime(kind, []).StartAsync(
            new ContainerLaunch
            {
                Command = ["sh", "-c", script],
                Environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" },
                WorkingDirectory = "/workspace",
                Binds = [new Bind(temporary, "/tmp"), new Bind(workspace, "/workspace"), .. binds],
                Output = (_, bytes) =>
                {
                    output.Append(Encoding.UTF8.GetString(bytes));
                    onOutput();
                },
                ScratchDirectory = Path.Combine(directory, "scratch"),
            },
            cancellationToken);
    }
}
