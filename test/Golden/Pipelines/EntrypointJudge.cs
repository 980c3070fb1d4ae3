using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hikigane.Pipelines.Steps;
using Hikigane.Resources.Json;
using Hikigane.Runtime;
using Hikigane.Runtime.Processes;
using Hikigane.Server.Steps;

namespace Hikigane.Golden.Pipelines;

/// <summary>Runs the recorded argument vectors through the step protocol, in a sandbox over a folder of the case's own.</summary>
internal static class EntrypointJudge
{
    private static readonly string[] Roots = ["/tekton", "/workspace", "/root", "/tmp", "/ko-app"];
    private static readonly Task<SandboxKind?> Kind = SandboxProbe.FindAsync(CancellationToken.None);

    public static async Task<string?> JudgeAsync(JsonObject recorded)
    {
        var root = Directory.CreateTempSubdirectory("hikigane-step-").FullName;
        try
        {
            return await Kind is { } kind ? await JudgeAsync(recorded, root, kind) : SandboxProbe.Refusal;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static async Task<string?> JudgeAsync(JsonObject recorded, string root, SandboxKind kind)
    {
        var input = recorded.Object("input")!;
        Prepare(root, input);
        var before = EntrypointFiles.Read(root, Roots);
        var output = new StringBuilder[] { new(), new() };
        var signals = new PodSignals(TimeProvider.System);
        var received = Channel.CreateUnbounded<int>();
        Bind[] binds = [.. Roots.Select(folder => new Bind(root + folder, folder))];
        var launch = new ContainerLaunch
        {
            Command = [.. input.Items("argv").Select(word => word!.ToString())],
            Environment = Environment(input),
            WorkingDirectory = "/workspace",
            Binds = binds,
            Output = (stream, bytes) => output[(int)stream].Append(Encoding.UTF8.GetString(bytes)),
        };
        var runtime = new ProcessRuntime(kind, []);
        var shell = new StepShell(new ContainerPaths(binds), signals, TimeProvider.System)
        {
            StartAsync = runtime.StartAsync,
            Launch = launch,
            Received = received.Reader,
        };
        using var ended = new CancellationTokenSource();
        var during = DuringAsync(input, root, signals, received.Writer, ended.Token);
        IReadOnlyList<string> words = [.. launch.Command.Skip(1)];
        var runner = new StepRunner(EntrypointCel.Evaluate, TimeProvider.System);
        var exit = await shell.RunAsync(StepCommands.Recognises(words) ? StepCommands.Run(words) : runner.Protocol(words, launch), CancellationToken.None);
        await ended.CancelAsync();
        await during;
        return Compare(recorded.Object("want")!, exit, output[0].ToString(), before, root);
    }

    private static Dictionary<string, string> Environment(JsonObject input)
    {
        var environment = new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["HOME"] = "/root" };
        foreach (var (name, value) in input.Object("env") ?? [])
        {
            environment[name] = value!.ToString();
        }

        return environment;
    }

    private static void Prepare(string root, JsonObject input)
    {
        string[] folders = ["/tekton/results", "/tekton/run/0", "/tekton/creds", "/tekton/bin", "/workspace", "/root", "/tmp", "/ko-app"];
        foreach (var folder in folders.Concat(input.Items("dirs").Select(folder => folder!.ToString())))
        {
            Directory.CreateDirectory(root + folder);
        }

        File.WriteAllText(root + "/ko-app/entrypoint", "<entrypoint binary>");
        File.WriteAllText(root + "/tekton/bin/entrypoint", "<entrypoint binary>");
        foreach (var (path, file) in input.Object("files") ?? [])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root + path)!);
            File.WriteAllText(root + path, file.Text("content") ?? (file is JsonValue ? file.ToString() : ""));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(root + path, (UnixFileMode)Convert.ToInt32(file.Text("mode") ?? "0644", 8));
            }
        }

        foreach (var (path, target) in input.Object("links") ?? [])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root + path)!);
            File.CreateSymbolicLink(root + path, target!.ToString());
        }
    }

    private static async Task DuringAsync(JsonObject input, string root, PodSignals signals, ChannelWriter<int> received, CancellationToken ended)
    {
        try
        {
            var at = 0L;
            foreach (var step in input.Objects("during"))
            {
                var due = step.Integer("afterMs") ?? 0;
                await Task.Delay((int)(due - at), ended);
                at = due;
                foreach (var (path, content) in step.Object("write") ?? [])
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(root + path)!);
                    await File.WriteAllTextAsync(root + path, content!.ToString(), CancellationToken.None);
                }

                if (step.Text("signal") is { } name)
                {
                    await received.WriteAsync(name switch { "INT" => 2, "USR1" => 10, "HUP" => 1, "KILL" => 9, _ => 15 }, CancellationToken.None);
                }

                signals.Raise();
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static string? Compare(JsonObject want, int exit, string stdout, Dictionary<string, JsonNode?> before, string root)
    {
        var termination = File.Exists(root + "/tekton/termination") ? File.ReadAllText(root + "/tekton/termination") : null;
        var got = new JsonObject
        {
            ["exit"] = exit,
            ["stdout"] = stdout,
            ["files"] = EntrypointFiles.Changes(before, EntrypointFiles.Read(root, Roots)),
            ["termination"] = EntrypointFiles.Termination(termination, before.GetValueOrDefault("/tekton/termination")?.ToString() == termination),
        };
        if (want.Object("modes") is { } modes)
        {
            got["modes"] = new JsonObject(modes.Select(pair => KeyValuePair.Create(pair.Key, EntrypointFiles.Mode(root + pair.Key))));
        }

        if (want["terminationCompressed"] is not null)
        {
            got["terminationCompressed"] = termination?.StartsWith("tknz:", StringComparison.Ordinal) == true;
        }

        return JsonDiff.Explain(EntrypointFiles.Wanted(want), got);
    }
}
